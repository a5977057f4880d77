// Time, chance, the console and the environment are handed in; one file of lib touches the real
// ones. Lint says most of this too; here is what it can not see, and nothing here can be disabled.

import ts from 'typescript';
import { type Fault, type Files, faultAt, nodesOf, sourcesOf } from './files.ts';
import { importsOf } from './imports.ts';

const MEMBERS = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'process.env',
  'process.exit',
  'process.hrtime',
  'process.uptime',
  'AbortSignal.timeout',
]);

const GLOBALS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'console']);

/** Uses of the machine in these files. */
export function machineUses(files: Files): readonly Fault[] {
  const faults: Fault[] = [...timerImports(files)];
  for (const source of sourcesOf(files)) {
    for (const node of nodesOf(source)) {
      const what = usedBy(node);
      if (what !== undefined) faults.push(faultAt(source, node, `uses ${what}`));
    }
  }
  return faults;
}

/** Imports of Node's timers in these files. */
export function timerImports(files: Files): readonly Fault[] {
  const faults: Fault[] = [];
  for (const { source, node, specifier } of importsOf(files)) {
    if (!/^(?:node:)?timers(?:\/promises)?$/.test(specifier)) continue;
    faults.push(faultAt(source, node, `imports ${specifier}`));
  }
  return faults;
}

function usedBy(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const member = `${node.expression.getText()}.${node.name.text}`.replace(/^globalThis\./, '');
    return MEMBERS.has(member) ? member : undefined;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date') {
    return (node.arguments?.length ?? 0) === 0 ? 'new Date()' : undefined;
  }
  if (!ts.isIdentifier(node) || !GLOBALS.has(node.text)) return undefined;
  return isNameOnly(node) ? undefined : node.text;
}

/** A property, key or import that merely has the name, as in `{ console: 1 }` or `log.console`. */
function isNameOnly(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) {
    return parent.name === node && parent.expression.getText() !== 'globalThis';
  }
  const named =
    ts.isPropertyAssignment(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent);
  return named && (parent.name === node || ts.isImportSpecifier(parent));
}
