// Registries and their directories agree: each file that exports a kind is named in the registry
// of its room, and the registry names nothing else.

import { posix } from 'node:path';
import ts from 'typescript';
import { type Fault, type Files, faultAt, filesUnder, sourcesOf } from './files.ts';

/** Rooms that have a registry of kinds. */
export const REGISTERED_ROOMS = ['sources', 'triggers', 'stores'] as const;

/** Kinds without a line in the registry of a room, and lines without a kind. */
export function registryFaults(files: Files, room: string): readonly Fault[] {
  const inRoom = filesUnder(files, new RegExp(`^lib/${room}/[^/]+\\.ts$`));
  const registry = `lib/${room}/registry.ts`;
  const sources = [...sourcesOf(inRoom)];
  const home = sources.find((source) => source.fileName === registry);
  if (home === undefined) return [{ file: registry, line: 1, what: 'there is no registry' }];
  const made = sources.filter((source) => source !== home).flatMap(kindsOf);
  const named = importedKinds(home);
  return [
    ...made
      .filter((kind) => !named.some((other) => same(kind, other)))
      .map(({ node, name }) =>
        faultAt(node.getSourceFile(), node, `${name} is not in ${registry}`),
      ),
    ...named
      .filter((kind) => !made.some((other) => same(kind, other)))
      .map(({ node, name, file }) => faultAt(home, node, `${file} exports no ${name}`)),
    ...named
      .filter(({ name }) => usesOf(home, name) < 2)
      .map(({ node, name }) => faultAt(home, node, `${name} is imported but not listed`)),
  ];
}

interface KindPlace {
  readonly file: string;
  readonly name: string;
  readonly node: ts.Node;
}

function same(a: KindPlace, b: KindPlace): boolean {
  return a.file === b.file && a.name === b.name;
}

function kindsOf(source: ts.SourceFile): readonly KindPlace[] {
  return source.statements
    .filter((statement) => ts.isVariableStatement(statement))
    .filter(({ modifiers }) => modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .map((node) => ({ file: source.fileName, name: node.name.getText(source), node }))
    .filter(({ name }) => name.endsWith('Kind'));
}

function importedKinds(source: ts.SourceFile): readonly KindPlace[] {
  return source.statements
    .filter((statement) => ts.isImportDeclaration(statement))
    .flatMap(({ moduleSpecifier, importClause }) => {
      const bindings = importClause?.namedBindings;
      if (importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return [];
      if (bindings === undefined || !ts.isNamedImports(bindings)) return [];
      if (!ts.isStringLiteral(moduleSpecifier)) return [];
      const file = posix.join(posix.dirname(source.fileName), moduleSpecifier.text);
      return bindings.elements
        .filter(({ isTypeOnly, name }) => !isTypeOnly && name.text.endsWith('Kind'))
        .map((node) => ({ file, name: node.name.text, node }));
    });
}

function usesOf(source: ts.SourceFile, name: string): number {
  return source.text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
}
