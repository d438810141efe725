import { realpathSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/**
 * Runs `work` while no other process does for the same clone. The lock is a name in the abstract socket namespace: the kernel frees it
 * when its owner dies, so there is no stale lock. Elsewhere than on Linux there is no such namespace, and no lock.
 */
export async function withLock(root, work) {
  if (process.platform !== 'linux') return work()
  const name = `\0mymonitor-setup:${realpathSync(root)}`.slice(0, 107)
  let server = await tryListen(name)
  if (server === null) process.stderr.write('mymonitor set-up waits for another one that is running in this clone\n')
  while (server === null) {
    await setTimeout(200)
    server = await tryListen(name)
  }
  try {
    return await work()
  } finally {
    server.close()
  }
}

/** null: taken. */
function tryListen(name) {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)))
    server.listen(name, () => resolve(server))
  })
}
