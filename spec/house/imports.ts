// What each source imports, in any form: statements, re-exports, types, `import()`.

import ts from 'typescript';
import { type Files, nodesOf, sourcesOf } from './files.ts';

/** One import as it is written. */
export interface Import {
  readonly source: ts.SourceFile;
  readonly node: ts.Node;
  readonly specifier: string;
}

/** Every import of these files, type-only ones too. */
export function* importsOf(files: Files): Generator<Import> {
  for (const source of sourcesOf(files)) {
    for (const node of nodesOf(source)) {
      const specifier = specifierOf(node);
      if (specifier !== undefined) yield { source, node, specifier };
    }
  }
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    return text(node.moduleSpecifier);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return text(node.argument.literal);
  }
  if (!ts.isCallExpression(node)) return undefined;
  const callee = node.expression;
  const imports = callee.kind === ts.SyntaxKind.ImportKeyword;
  const requires = ts.isIdentifier(callee) && callee.text === 'require';
  return imports || requires ? text(node.arguments[0]) : undefined;
}

function text(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}
