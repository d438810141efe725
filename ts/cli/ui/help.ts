import type { Definition } from 'clipanion'
import type { Painter } from './paint.ts'

const WIDTH = 100
const FLAGS: Definition['options'] = [
  {
    preferredName: '--help',
    nameSet: ['-h', '--help'],
    definition: '-h,--help',
    description: 'Print this, or the help of a verb',
    required: false,
  },
  { preferredName: '--version', nameSet: ['--version'], definition: '--version', description: 'Print the version', required: false },
]

/** `mymonitor --help`: the verbs, then the options of the default one. */
export function overview(definitions: readonly Definition[], paint: Painter): string {
  const [first] = definitions
  return [
    'Records what every process of a software build does to memory.',
    '',
    `${paint.bold('Usage:')} mymonitor [sample] [OPTIONS] -- COMMAND...`,
    '       mymonitor [sample] [OPTIONS] -p PROJECT',
    '       mymonitor VERB [OPTIONS] ...',
    '',
    paint.bold('Verbs:'),
    ...twoColumns(
      definitions.map(({ path, description = '' }) => [
        path.replace(/^mymonitor /, '').replace(/ <?\[?DIR.*$/, ' DIR'),
        plain(description),
      ]),
      paint,
    ),
    ...(first === undefined ? [] : [...exampleLines(first, paint), ...optionLines(first, paint)]),
    '',
  ].join('\n')
}

/** `mymonitor VERB --help` */
export function verbHelp(definition: Definition | null, paint: Painter): string {
  if (definition === null) return ''
  const { description = '', details, usage } = definition
  const command = /\bsample\b/.test(usage) ? ' [-- COMMAND...]' : /\bexplain\b/.test(usage) ? ' [-- ARGV...]' : ''
  return [
    `${plain(description)}.`,
    ...(details === undefined ? [] : wrap(plain(details), WIDTH)),
    '',
    `${paint.bold('Usage:')} ${usage.replace(/\s*\[DIR\]/, '')} [OPTIONS]${/DIR/.test(usage) ? ' DIR' : ''}${command}`,
    ...exampleLines(definition, paint),
    ...optionLines(definition, paint),
    '',
  ].join('\n')
}

function exampleLines({ examples = [] }: Definition, paint: Painter): string[] {
  return ['', paint.bold('Examples:'), ...examples.flatMap(([label, example]) => [`  ${paint.dim(`# ${plain(label)}`)}`, `  ${example}`])]
}

function optionLines({ options }: Definition, paint: Painter): string[] {
  const rows = [...options, ...FLAGS].map(({ nameSet, definition, description = '' }): [string, string] => {
    const short = nameSet.some((name) => !name.startsWith('--')) ? '' : '    '
    return [`${short}${nameSet.join(', ')}${definition.includes('#') ? ' VALUE' : ''}`, plain(description)]
  })
  return ['', paint.bold('Options:'), ...twoColumns(rows, paint)]
}

function twoColumns(rows: readonly (readonly [string, string])[], paint: Painter): string[] {
  const left = Math.max(...rows.map(([name]) => name.length))
  return rows.flatMap(([name, text]) => {
    const [first = '', ...more] = wrap(text, WIDTH - left - 4)
    return [`  ${paint.cyan(name)}${' '.repeat(left - name.length)}  ${first}`, ...more.map((line) => `${' '.repeat(left + 4)}${line}`)]
  })
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return line === '' ? lines : [...lines, line]
}

/** clipanion ends every formatted text with a newline. */
function plain(text: string): string {
  return text.trim()
}
