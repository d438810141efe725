import { createRequire } from 'node:module'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { MyMonitorError } from '../ts/errors.ts'
import { fromNative, launcherPath, loadBinding, loadRecorder } from '../ts/native.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

function failure(call: () => unknown): MyMonitorError {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(MyMonitorError)
    return error as MyMonitorError
  }
  throw new Error('it did not fail')
}

describe('where there is a native binary', () => {
  test('the binding loads and the launcher is beside the addon that was loaded', () => {
    expect(loadBinding().formatVersion()).toBeGreaterThan(0)
    expect(launcherPath()).toMatch(/^\/.*\/mymonitor-launcher$/)
  })
})

describe('where there is no native binary', () => {
  const { cache } = createRequire(import.meta.url)
  const forget = () => {
    for (const file of Object.keys(cache)) if (file.endsWith('/binding.cjs')) delete cache[file]
  }

  test('the error names the platform, those that are supported and the next step', () => {
    forget()
    vi.spyOn(process, 'platform', 'get').mockReturnValue('aix')
    const { code, message } = failure(loadBinding)
    expect(code).toBe('ERR_MYMONITOR_UNSUPPORTED')
    expect(message).toMatch(/^mymonitor has no native binary for aix-\w+; there is one for linux-x64 \(glibc\) and linux-arm64 \(glibc\)\./)
    expect(message).toMatch(/npm\/cli#4828.*install again, or set NAPI_RS_NATIVE_LIBRARY_PATH/)
  })

  test('an override that cannot be loaded is named', () => {
    forget()
    vi.stubEnv('NAPI_RS_NATIVE_LIBRARY_PATH', '/none/mymonitor.node')
    expect(failure(loadBinding).message).toMatch(
      /^NAPI_RS_NATIVE_LIBRARY_PATH=\/none\/mymonitor\.node could not be loaded on linux-\w+: correct or unset it$/,
    )
  })
})

test('recording is refused elsewhere than on Linux, with what to do instead', () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin')
  for (const call of [loadRecorder, launcherPath]) {
    const { code, message } = failure(call)
    expect(code).toBe('ERR_MYMONITOR_UNSUPPORTED')
    expect(message).toMatch(/^recording needs Linux, this is darwin-\w+: record on a Linux machine/)
  }
})

describe('what native code throws', () => {
  test('keeps its own code and message', () => {
    const error = fromNative(Object.assign(new Error('a.parquet is cut off'), { code: 'ERR_MYMONITOR_DAMAGED' }))
    expect([error.code, error.message]).toEqual(['ERR_MYMONITOR_DAMAGED', 'a.parquet is cut off'])
  })

  test('is our defect where it has another code or none', () => {
    expect(fromNative(Object.assign(new Error('x'), { code: 'InvalidArg' })).code).toBe('ERR_MYMONITOR_INTERNAL')
    expect(fromNative('x')).toMatchObject({ code: 'ERR_MYMONITOR_INTERNAL', message: 'x' })
  })

  test('is passed on where it is a MyMonitorError already', () => {
    const error = new MyMonitorError('ERR_MYMONITOR_OUTPUT', 'x')
    expect(fromNative(error)).toBe(error)
  })
})
