import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'toml'
import { describe, expect, test, vi } from 'vitest'
import { SHIPPED_CONFIG } from '../../ts/config/find.ts'
import { directoryWith, projectToml } from '../config/files.ts'
import { cli } from './capture.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('config show', () => {
  const MINE = {
    'conf/config.toml': '[monitor.general]\ndefault_jobs = [3]\n',
    'conf/projects.toml': projectToml('setup_command_template = "export TOKEN=hunter2"'),
  }

  test('--origin says of each value which file and line set it', async () => {
    const cwd = directoryWith(MINE)
    const { status, out, err } = await cli(['config', 'show', '--origin'], cwd)
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(out).toMatch(/^# config\.toml: conf\/config\.toml \(found in conf\/ here or above\)\n/)
    expect(out).toMatch(/^monitor\.general\.default_jobs = \[3\] +# conf\/config\.toml:2$/m)
    expect(out).toMatch(/^monitor\.storage\.compression = "snappy" +# default$/m)
    expect(out).toMatch(/^build_command_template = "make -j<N>" +# conf\/projects\.toml:4$/m)
    expect(out).toMatch(/^# rules\.toml: \/.*conf\/rules\.toml \(shipped with mymonitor, \d+ rules\)$/m)
  })

  test('what it prints is TOML with the same values', async () => {
    const { out } = await cli(['config', 'show'], directoryWith(MINE))
    const printed = parse(out) as { monitor: { general: object }; projects: object[] }
    expect(printed.monitor.general).toEqual({ default_jobs: [3], skip_plots: false, log_root_dir: 'logs' })
    expect(printed.projects).toEqual([expect.objectContaining({ name: 'p', dir: 'src', build_command_template: 'make -j<N>' })])
    expect(out).not.toContain('# conf/config.toml:2')
  })

  test('secrets in commands are hidden unless --no-redact is given', async () => {
    const cwd = directoryWith(MINE)
    for (const format of [[], ['--json']]) {
      expect((await cli(['config', 'show', ...format], cwd)).out).not.toContain('hunter2')
      expect((await cli(['config', 'show', '--no-redact', ...format], cwd)).out).toContain('hunter2')
    }
  })

  test('--json is one document with the origins', async () => {
    const cwd = directoryWith({ ...MINE, 'conf/config.toml': '[monitor.hybrid]\nhybrid_queue_timeout = 1\n' })
    const { out, err } = await cli(['config', 'show', '--json'], cwd)
    const document = JSON.parse(out) as Record<string, { file: string; values: unknown[] }>
    expect(document).toMatchObject({
      schema: 1,
      config: { file: join(cwd, 'conf/config.toml'), found: 'directory' },
      projects: { file: join(cwd, 'conf/projects.toml'), shipped: false },
      rules: { file: join(SHIPPED_CONFIG, '../rules.toml'), shipped: true },
      warnings: [expect.stringContaining('hybrid_queue_timeout')],
    })
    expect(document['config']?.values).toContainEqual({ key: 'monitor.general.skip_plots', value: false, origin: 'default' })
    // Also on stderr, as with every verb.
    expect(err).toContain('hybrid_queue_timeout')
  })

  test.each<[string[], Record<string, string>, string]>([
    [['shwo'], {}, 'config has no "shwo"; to print the configuration: mymonitor config show'],
    [['show', 'x'], {}, 'unexpected argument "x"'],
    [['show', '--orgin'], {}, 'did you mean --origin?'],
    [['show'], { 'conf/config.toml': 'x = 1\ny = 2\n' }, 'config.toml has 2 problems:\n'],
    [['show'], { 'conf/config.toml': '', 'conf/projects.toml': '[[projects]]\n' }, 'projects.toml has 3 problems:\n'],
    [['show'], { 'conf/config.toml': '', 'conf/rules.toml': '[[rules]]\npriority = "x"\n' }, 'rules.toml has '],
  ])('config %j with %j ends with 2', async (argv, files, message) => {
    const { status, out, err } = await cli(['config', ...argv], directoryWith(files))
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toContain(message)
  })
})

describe('init', () => {
  /** Two objects of a small C program, and a clean target. */
  const PROGRAM = {
    Makefile: 'prog: a.o b.o\n\t$(CC) -o $@ a.o b.o\nclean:\n\trm -f prog *.o\n%.o: %.c\n\t$(CC) -c $<\n',
    'a.c': 'int b(void);\nint main(void) { return b(); }\n',
    'b.c': 'int b(void) { return 0; }\n',
  }

  test('writes a configuration that `mymonitor` alone then records a real Make build with, without a warning', async () => {
    const cwd = directoryWith(PROGRAM)
    const written = await cli(['init'], cwd)
    expect(written).toMatchObject({ status: 0, out: 'conf/config.toml\nconf/projects.toml\n' })
    expect(written.err).toContain(`${basename(cwd)}: Make (Makefile), make -j<N> at -j `)
    const { status, out, err } = await cli(['-j', '2', '--no-post-clean', '--json'], cwd)
    expect(err).not.toContain('mymonitor:')
    const { levels } = JSON.parse(out) as { levels: { project: string; jobs: number; exitStatus: number; recording: string }[] }
    expect(status).toBe(0)
    expect(levels).toMatchObject([{ project: basename(cwd), jobs: 2, exitStatus: 0 }])
    expect(readdirSync(cwd)).toContain('prog')
    expect(readFileSync(join(levels[0]?.recording ?? '', 'build_stdout.log'), 'utf8')).toContain('-c a.c')
  })

  test('does not overwrite, and says what to do', async () => {
    const cwd = directoryWith({ ...PROGRAM, 'conf/projects.toml': projectToml() })
    const { status, out, err } = await cli(['init'], cwd)
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toBe(`mymonitor: ${join(cwd, 'conf/projects.toml')} exists already, nothing was written; edit it, or move it away first\n`)
    expect(readdirSync(join(cwd, 'conf'))).toEqual(['projects.toml'])
  })

  test('--json says what was found and written', async () => {
    const cwd = directoryWith({ 'Cargo.toml': '', Makefile: 'clean:\n' })
    const { out, err } = await cli(['init', '--json'], cwd)
    expect(err).toBe('')
    expect(JSON.parse(out)).toMatchObject({
      schema: 1,
      files: [join(cwd, 'conf/config.toml'), join(cwd, 'conf/projects.toml')],
      project: basename(cwd),
      build: { system: 'Cargo', file: 'Cargo.toml', build_command_template: 'cargo build -j<N>' },
      others: [{ system: 'Make' }],
    })
  })

  test('where it cannot write it says so', async () => {
    const cwd = directoryWith({ Makefile: 'clean:\n', conf: '' })
    const { status, err } = await cli(['init'], cwd)
    expect(status).toBe(2)
    expect(err).toMatch(/^mymonitor: cannot write \S*conf\/config\.toml: not a directory\n$/)
    expect(readFileSync(join(cwd, 'conf'), 'utf8')).toBe('')
  })

  test.each([
    [['--config', 'x.toml'], 'init takes no --config'],
    [['here'], 'unexpected argument "here"'],
    [[], 'no build found in '],
  ])('init %j in an empty directory ends with 2 and one line', async (argv, message) => {
    const cwd = directoryWith()
    mkdirSync(join(cwd, 'src'))
    writeFileSync(join(cwd, 'README'), '')
    const { status, out, err } = await cli(['init', ...argv], cwd)
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toContain(message)
    expect(err).toMatch(/^mymonitor: [^\n]+\n$/)
    expect(readdirSync(cwd).sort()).toEqual(['README', 'src'])
  })
})
