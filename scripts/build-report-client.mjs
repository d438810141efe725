// Bundles ts/report/client into dist/report/client.js and client.css, which ts/report/page.ts reads and inlines.
// Needs nothing but node_modules; tsc does not touch the two files, so the order of the two builds is free.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const outdir = join(root, 'dist/report')
const uplot = JSON.parse(await readFile(join(root, 'node_modules/uplot/package.json'), 'utf8'))
const licence = await readFile(join(root, 'node_modules/uplot/LICENSE'), 'utf8')

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'ts/report/client/main.ts', out: 'client' },
    { in: 'ts/report/client/style.css', out: 'client' },
  ],
  outdir,
  bundle: true,
  format: 'iife',
  minify: true,
  charset: 'utf8',
  // light-dark() needs these anyway, and they know all syntax we use: nothing is lowered.
  target: ['chrome123', 'firefox120', 'safari17.5'],
  legalComments: 'none',
  banner: { js: `/*! uPlot ${uplot.version}\n${licence.trim()}\n*/` },
  logLevel: 'warning',
  write: false,
})

await mkdir(outdir, { recursive: true })
for (const { path, text } of outputFiles) {
  // Either would end the element it is inlined into.
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${basename(path)} cannot be inlined: it contains a closing tag`)
  // Test workers build side by side, and none may read half a file.
  const temporary = `${path}.${process.pid}`
  await writeFile(temporary, text)
  await rename(temporary, path)
}
