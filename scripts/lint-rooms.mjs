// What may import what, who prints, how files are named and how long they are: the rules of CONTRIBUTING.md that no other tool knows.
import { join, resolve } from 'node:path'
import { lintFiles } from './lint/files.mjs'
import { lintRustCrates } from './lint/rust-crates.mjs'
import { lintTypeScriptRooms } from './lint/typescript-rooms.mjs'

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
const problems = [...lintTypeScriptRooms(root), ...lintRustCrates(root), ...lintFiles(root)]
for (const problem of problems) process.stdout.write(`${problem}\n`)
process.exitCode = problems.length > 0 ? 1 : 0
