/** A run of what is no blank: plain characters, quoted strings, escapes; a quote that is not closed is a character. */
const WORD = /(?:[^\s"'\\]|"(?:[^"\\]|\\[\s\S])*"|'[^']*'|\\[\s\S]|["'\\])+/g
const PIECE = /"(?:[^"\\]|\\[\s\S])*"|'[^']*'|\\[\s\S]/g

/**
 * The words of a line in which only quotes and backslashes mean something, as in a response file or in a command line printed for people: `;`, `>` and
 * `$` are characters like others.
 */
export function splitWords(text: string): string[] {
  const words = text.match(WORD) ?? []
  return /["'\\]/.test(text) ? words.map((word) => word.replace(PIECE, unquoted)) : words
}

function unquoted(piece: string): string {
  if (piece[0] === "'") return piece.slice(1, -1)
  return piece[0] === '"' ? piece.slice(1, -1).replace(/\\(["\\$`])/g, '$1') : piece.slice(1)
}
