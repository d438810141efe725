/**
 * The known defects of the Python MyMonitor, each with the test that fails when it comes back: takes the fix out of a copy of the tree, builds what is needed,
 * runs that one test, and puts the fix back. Prints a table; ends with 0 only if every test passes with its fix and fails without it, for the reason given.
 *
 *   node scripts/defects.mjs            all; takes some minutes, most of them for building the native addon anew
 *   node scripts/defects.mjs 5 11       those
 *
 * The copy stays in the directory of temporary files: its first build takes what the build of this tree has compiled, later ones what changed.
 */
import './node-version.mjs'

const { spawnSync } = await import('node:child_process')
const { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } = await import('node:fs')
const { tmpdir } = await import('node:os')
const { basename, dirname, join } = await import('node:path')
const { stripVTControlCharacters } = await import('node:util')
const { ROOT } = await import('./setup/main.mjs')
const { hostTarget } = await import('./setup/toolchains.mjs')
const { DEFECTS } = await import('./defects/edits.mjs')

const COPY = join(tmpdir(), `mymonitor-defects-${basename(ROOT)}`)
const chosen = process.argv.slice(2).map(Number)
const defects = DEFECTS.filter(({ defect }) => chosen.length === 0 || chosen.includes(defect))
if (defects.length === 0) fail(`no defect ${process.argv.slice(2).join(', ')}: they are 1 to 12`)

function fail(message) {
  process.stderr.write(`defects: ${message}\n`)
  process.exit(2)
}

function run(command, args) {
  return spawnSync(command, args, { cwd: COPY, encoding: 'utf8', maxBuffer: 1 << 28 })
}

/** The files of this tree that git knows or would know; those that are the same stay, so that only what changed is built. */
function copyTree() {
  const list = (...args) => spawnSync('git', ['ls-files', '-z', ...args], { cwd: ROOT, encoding: 'utf8' }).stdout.split('\0')
  const files = list('--cached', '--others', '--exclude-standard').filter((name) => name !== '' && existsSync(join(ROOT, name)))
  mkdirSync(COPY, { recursive: true })
  for (const name of files) {
    const content = readFileSync(join(ROOT, name))
    const path = join(COPY, name)
    if (existsSync(path) && readFileSync(path).equals(content)) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  if (!existsSync(join(COPY, 'node_modules'))) symlinkSync(join(ROOT, 'node_modules'), join(COPY, 'node_modules'))
  for (const part of ['deps', 'build', '.fingerprint']) {
    const [from, to] = [ROOT, COPY].map((tree) => join(tree, 'target', hostTarget(), 'fast', part))
    if (existsSync(from) && !existsSync(to)) cpSync(from, to, { recursive: true, preserveTimestamps: true })
  }
}

/** An edit of a later run must not be taken for what the tree says. */
function edit({ file, from, to }) {
  const path = join(COPY, file)
  const text = readFileSync(path, 'utf8')
  const count = text.split(from).length - 1
  if (count !== 1) fail(`${file} has ${count} times, not once: ${from}; bring scripts/defects/edits.mjs up to date`)
  writeFileSync(
    path,
    text.replace(from, () => to),
  )
}

function restore({ file }) {
  writeFileSync(join(COPY, file), readFileSync(join(ROOT, file)))
}

function build() {
  const { status, stderr } = run(process.execPath, ['scripts/setup.mjs'])
  if (status !== 0) fail(`the copy does not build:\n${stderr}`)
}

/** Tests that ran, and the messages of those that failed. */
function test({ file, test: name }) {
  const results = join(COPY, 'target/defect.json')
  rmSync(results, { force: true })
  run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', file, '-t', name, '--reporter=json', `--outputFile=${results}`])
  if (!existsSync(results)) return { ran: 0, messages: ['vitest did not run'] }
  const files = JSON.parse(readFileSync(results, 'utf8')).testResults
  // A file that cannot be loaded has no tests, but a message.
  const unloaded = files.filter(({ assertionResults }) => assertionResults.length === 0).map(({ message }) => message)
  const all = files.flatMap(({ assertionResults }) => assertionResults)
  const ran = all.filter(({ status }) => status === 'passed' || status === 'failed')
  const strip = (message) => stripVTControlCharacters(message).split('\n    at ')[0]
  return {
    ran: ran.length,
    messages: [...unloaded, ...ran.flatMap(({ status, failureMessages }) => (status === 'failed' ? failureMessages.map(strip) : []))],
  }
}

const oneLine = (message = '') => message.replace(/\s+/g, ' ').slice(0, 90)

copyTree()
build()
const burner = run('cargo', ['build', '--profile', 'fast', '--package', 'mymonitor-burner'])
if (burner.status !== 0) fail(`the burner does not build:\n${burner.stderr}`)

const rows = []
for (const one of defects) {
  process.stderr.write(`defect ${one.defect}: ${one.test} …\n`)
  const before = test(one)
  for (const change of one.edits) edit(change)
  build()
  const after = test(one)
  for (const change of one.edits) restore(change)
  build()
  const passes = before.ran > 0 && before.messages.length === 0
  const fails = after.messages.some((message) => one.because.test(message))
  rows.push({
    ...one,
    passes,
    fails,
    message: oneLine(after.messages.find((text) => one.because.test(text)) ?? after.messages[0] ?? 'it passed'),
    first: oneLine(before.messages[0]),
  })
}

for (const { defect, what, file, test: name, edits, passes, fails, message, first } of rows) {
  process.stdout.write(`${String(defect).padStart(2)}  ${what}\n    test     ${file}: ${name}\n`)
  process.stdout.write(`    taken out of ${[...new Set(edits.map(({ file }) => file))].join(', ')}\n`)
  process.stdout.write(
    `    with the fix: ${passes ? 'passes' : `FAILS or does not run: ${first}`}; without: ${fails ? 'fails' : 'NOT AS IT SHOULD'}: ${message}\n`,
  )
}
const good = rows.filter(({ passes, fails }) => passes && fails).length
process.stdout.write(`\n${good} of ${rows.length} fixes taken out are noticed by their test\n`)
process.exitCode = good === rows.length ? 0 : 1
