import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/**
 * Runs a program to its end and shows what it says as it says it.
 * @returns {Promise<{ status: number, output: string }>} output: stdout
 */
export function passThrough(root, command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    const chunks = []
    child.stdout.on('data', (chunk) => {
      chunks.push(chunk)
      process.stdout.write(chunk)
    })
    child.on('error', (error) => resolve({ status: 127, output: error.message }))
    child.on('close', (code, signal) =>
      resolve({ status: code ?? 128 + constants.signals[signal], output: Buffer.concat(chunks).toString() }),
    )
  })
}
