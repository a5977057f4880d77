// Names of types. A reader who finds a name in one file of lib must not meet it in another one with
// a second meaning, so a name counts whether it is exported or not.

import ts from 'typescript';
import { type Fault, type Files, faultAt, nodesOf, sourcesOf } from './files.ts';

/** Interfaces, type aliases and classes whose name another declaration has, too, with its place. */
export function repeatedTypes(files: Files): readonly Fault[] {
  const faults: Fault[] = [];
  const first = new Map<string, Fault>();
  for (const source of sourcesOf(files)) {
    for (const node of nodesOf(source)) {
      if (!isNamedType(node)) continue;
      const { text } = node.name;
      const before = first.get(text);
      const what = `${text} is also declared in ${before?.file}:${before?.line}`;
      const fault = faultAt(source, node.name, what);
      if (before === undefined) first.set(text, fault);
      else faults.push(fault);
    }
  }
  return faults;
}

function isNamedType(node: ts.Node): node is ts.Node & { readonly name: ts.Identifier } {
  const isType =
    ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassLike(node);
  return isType && node.name !== undefined;
}
