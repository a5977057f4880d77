// Which file imports which name of which other file, and what follows: cycles, files with a single
// importer, exports that nothing imports. Types count as much as values.

import { posix } from 'node:path';
import ts from 'typescript';
import { type Fault, type Files, faultAt, nodesOf, sourcesOf } from './files.ts';
import { importsOf } from './imports.ts';

/** Of the files of lib, those that one file alone imports; more means that files are cut too small. */
export const SINGLE_AT_MOST = 0.22;

/** One import of a file of the tree. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** Names as their home exports them; null for the whole module. */
  readonly names: readonly string[] | null;
}

/** Every import between these files. */
export function edgesOf(files: Files): readonly Edge[] {
  const edges: Edge[] = [];
  for (const { source, node, specifier } of importsOf(files)) {
    const to = targetOf(source, specifier);
    if (files.has(to) && to !== source.fileName) {
      edges.push({ from: source.fileName, to, names: namesOf(node) });
    }
  }
  for (const source of sourcesOf(files)) edges.push(...startedBy(source, files));
  return edges;
}

/** Groups of files of lib that import one another, each group sorted. */
export function cyclesOf(edges: readonly Edge[]): readonly (readonly string[])[] {
  const graph = new Map<string, Set<string>>();
  for (const { from, to } of edges) {
    if (isLib(from) && isLib(to)) graph.set(from, (graph.get(from) ?? new Set()).add(to));
  }
  const reach = new Map([...graph.keys()].map((file) => [file, reachable(graph, file)]));
  const groups = new Map<string, readonly string[]>();
  for (const [file, reached] of reach) {
    const group = [...reached].filter((other) => reach.get(other)?.has(file) === true).sort();
    if (group.length > 1) groups.set(group.join(), group);
  }
  return [...groups.values()];
}

/**
 * Files of lib that one file of lib or bin imports. A kind that its registry lists is no such file:
 * one importer is its design.
 */
export function singleImporters(files: Files, edges: readonly Edge[]): readonly string[] {
  const importers = new Map<string, Set<string>>();
  for (const { from, to } of edges) {
    if (/^(?:lib|bin)\//.test(from)) importers.set(to, (importers.get(to) ?? new Set()).add(from));
  }
  return libFiles(files).filter((file) => {
    const [first, second] = importers.get(file) ?? [];
    return first !== undefined && second === undefined && !first.endsWith('/registry.ts');
  });
}

/** Exports of lib that no other file of the tree imports. */
export function unusedExports(files: Files, edges: readonly Edge[]): readonly Fault[] {
  const used = new Map<string, Set<string> | null>();
  for (const { to, names } of edges) {
    const known = used.get(to);
    if (names === null || known === null) used.set(to, null);
    else used.set(to, new Set([...(known ?? []), ...names]));
  }
  const faults: Fault[] = [];
  for (const source of sourcesOf(files)) {
    const names = used.get(source.fileName);
    if (!isLib(source.fileName) || names === null) continue;
    for (const { name, node } of exportsOf(source)) {
      if (names?.has(name) !== true) faults.push(faultAt(source, node, `${name} is not imported`));
    }
  }
  return faults;
}

/** The files of lib that are written by hand. */
export function libFiles(files: Files): readonly string[] {
  return [...files.keys()].filter((file) => isLib(file) && !file.endsWith('.generated.ts'));
}

function isLib(file: string): boolean {
  return file.startsWith('lib/') && file.endsWith('.ts');
}

/** `new Worker(new URL('x.ts', import.meta.url))` and the like start a file. */
function* startedBy(source: ts.SourceFile, files: Files): Generator<Edge> {
  for (const node of nodesOf(source)) {
    if (!ts.isNewExpression(node) || node.expression.getText() !== 'URL') continue;
    const [path] = node.arguments ?? [];
    if (path === undefined || !ts.isStringLiteralLike(path)) continue;
    const to = targetOf(source, path.text);
    if (files.has(to)) yield { from: source.fileName, to, names: [] };
  }
}

function targetOf(source: ts.SourceFile, specifier: string): string {
  return posix.join(posix.dirname(source.fileName), specifier);
}

function namesOf(node: ts.Node): readonly string[] | null {
  if (ts.isImportTypeNode(node)) return node.qualifier ? [firstName(node.qualifier)] : null;
  const bindings = ts.isImportDeclaration(node)
    ? node.importClause?.namedBindings
    : ts.isExportDeclaration(node)
      ? node.exportClause
      : undefined;
  if (ts.isImportDeclaration(node) && node.importClause === undefined) return [];
  if (bindings === undefined || !('elements' in bindings)) return null;
  return bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
}

function firstName(name: ts.EntityName): string {
  return ts.isIdentifier(name) ? name.text : firstName(name.left);
}

interface Export {
  readonly name: string;
  readonly node: ts.Node;
}

function exportsOf(source: ts.SourceFile): readonly Export[] {
  return source.statements.flatMap((statement): readonly Export[] => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement;
      if (exportClause === undefined || !ts.isNamedExports(exportClause)) return [];
      return exportClause.elements.map((node) => ({ name: node.name.text, node }));
    }
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isVariableStatement(statement)) {
      const { declarations } = statement.declarationList;
      return declarations.map((node) => ({ name: node.name.getText(), node }));
    }
    const name = ts.getNameOfDeclaration(statement as ts.DeclarationStatement);
    return name === undefined ? [] : [{ name: name.getText(), node: statement }];
  });
}

function reachable(graph: ReadonlyMap<string, ReadonlySet<string>>, start: string): Set<string> {
  const seen = new Set<string>();
  const open = [...(graph.get(start) ?? [])];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    open.push(...(graph.get(file) ?? []));
  }
  return seen;
}
