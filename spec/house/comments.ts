// Every file says what lives in it, every export of lib says what it promises.

import ts from 'typescript';
import { type Fault, type Files, faultAt, sourcesOf } from './files.ts';

/** Files that do not open with a comment in line style. */
export function unopenedFiles(files: Files): readonly Fault[] {
  const faults: Fault[] = [];
  for (const [file, text] of files) {
    if (!/\.[jt]s$/.test(file)) continue;
    const [opening = ''] = /^(?:#!.*\n)?(?:\/\/ .*\n)*/.exec(text) ?? [];
    if (!opening.includes('// ')) {
      faults.push({ file, line: 1, what: 'does not open with a comment on what lives here' });
    }
  }
  return faults;
}

/** Exports without a doc comment, or with an empty one. */
export function undocumentedExports(files: Files): readonly Fault[] {
  const faults: Fault[] = [];
  for (const source of sourcesOf(files)) {
    for (const statement of source.statements) {
      const names = exportedNames(statement);
      if (names.length === 0 || isDocumented(statement)) continue;
      faults.push(faultAt(source, statement, `export ${names.join(', ')} has no doc comment`));
    }
  }
  return faults;
}

/** What a statement exports under names of its own; re-exports are documented at their home. */
function exportedNames(statement: ts.Statement): readonly string[] {
  if (ts.isExportDeclaration(statement)) {
    const { moduleSpecifier, exportClause } = statement;
    const local = moduleSpecifier === undefined && exportClause !== undefined;
    // A list at the end of a file hides from the reader what is public; it has no doc comment either.
    return local ? [exportClause.getText()] : [];
  }
  if (!ts.canHaveModifiers(statement)) return [];
  const modifiers = ts.getModifiers(statement) ?? [];
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  return [namedText(statement)];
}

function namedText(statement: ts.Statement): string {
  const name = ts.getNameOfDeclaration(statement as ts.DeclarationStatement);
  return name?.getText() ?? '(unnamed)';
}

function isDocumented(statement: ts.Statement): boolean {
  return ts
    .getJSDocCommentsAndTags(statement)
    .filter((doc) => ts.isJSDoc(doc))
    .some((doc) => (ts.getTextOfJSDocComment(doc.comment) ?? '').trim() !== '');
}
