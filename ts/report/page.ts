import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MyMonitorError } from '../errors.ts'
import { escapeHtml } from './escape.ts'

export interface Page {
  title: string
  /** HTML; every string of a user's in it is escaped. */
  body: string
  /** Shown at widths from a phone to a wall; without a script nothing in the page can run. */
  script?: string
}

/** One self-contained file. Its policy admits the two inlined texts by their hashes and nothing else: no network, no eval, no other script. */
export function renderPage({ title, body, script }: Page): string {
  const style = clientAsset('client.css')
  const policy = [
    "default-src 'none'",
    `style-src '${hash(style)}'`,
    ...(script === undefined ? [] : [`script-src '${hash(script)}'`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
${script === undefined ? '' : `<script>${script}</script>\n`}</body>
</html>
`
}

/** Built by scripts/build-report-client.mjs. The path is right from ts/report and from dist/report alike. */
export function clientAsset(name: 'client.js' | 'client.css'): string {
  const path = fileURLToPath(new URL(`../../dist/report/${name}`, import.meta.url))
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new MyMonitorError(
      'ERR_MYMONITOR_INTERNAL',
      `cannot read the report's browser code ${path}: in a clone, run node scripts/build-report-client.mjs; otherwise install mymonitor again`,
      { cause },
    )
  }
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`
}
