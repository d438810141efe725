import { describe, expect, test } from 'vitest'
import { classify } from '../../ts/classify/classify.ts'
import { processOf } from '../../ts/classify/rules.ts'
import { categoryOf, shipped } from './shipped.ts'

describe('every shipped rule', () => {
  test.each(shipped.rules.map((rule) => [rule.id, rule] as const))('%s has examples and wins all of them', (id, rule) => {
    expect(rule.examples.length).toBeGreaterThan(0)
    const winners = rule.examples.map((example) => [example, classify(shipped, processOf(example)).rule])
    expect(winners).toEqual(rule.examples.map((example) => [example, id]))
  })
})

test('the shipped rules have every category of the Python MyMonitor at its priority', () => {
  const shippedIds = new Set(shipped.rules.map(({ major, id }) => `${major}/${id}`))
  expect(PYTHON_CATEGORIES).toHaveLength(64)
  expect(PYTHON_CATEGORIES.filter((category) => !shippedIds.has(category))).toEqual([])
})

test('a command that no rule knows is Other with its name', () => {
  expect(categoryOf('build/gen/crc_table')).toBe('Other/Other_crc_table')
  expect(categoryOf('sh -c "build/gen/crc_table > table.h"')).toBe('Other/Other_crc_table')
})

describe('known defect 4: a name is never matched inside another', () => {
  test.each([
    ['bash', 'Scripting/ShellInteractiveOrDirect'],
    ['basename a/b', 'OSUtilities/Generic_Path'],
    ['/usr/bin/asciidoctor a.adoc', 'DevelopmentTools/Documentation'],
    ['ash', 'Scripting/ShellInteractiveOrDirect'],
    ['tclas x', 'Other/Other_tclas'],
    ['ldconfig', 'OSUtilities/Generic_Path'],
    ['ldd a', 'DevelopmentTools/BinInspect'],
    ['buildld x', 'Other/Other_buildld'],
    ['ccache -s', 'BuildSystem/CompilerCache'],
    ['gcc-ar t lib.a', 'DevelopmentTools/ArchiveAR'],
    ['gccgo-wrap a', 'Other/Other_gccgo-wrap'],
    ['succ -o a', 'Other/Other_succ'],
    ['tar cf a.tar b', 'OSUtilities/Generic_Path'],
    ['unmake all', 'Other/Other_unmake'],
    ['mongo x', 'Other/Other_mongo'],
    ['cargo build', 'BuildSystem/Cargo'],
    ['/opt/gcc/bin/tool -c a.c', 'Other/Other_tool'],
    ['/srv/as/ld/cc/run', 'Other/Other_run'],
  ])('%s is %s', (line, category) => {
    expect(categoryOf(line)).toBe(category)
  })
})

describe('drivers are told apart by what they are asked to do', () => {
  test.each([
    ['gcc -c a.c -o a.o', 'CPP_COMPILE/Full_GCC'],
    ['cc -c a.c -o a.o', 'CPP_COMPILE/Full_Generic'],
    ['gcc a.c', 'CPP_COMPILE/Full_Generic'],
    ['gcc a.o -o a', 'CPP_LINK/Executable_Driver'],
    ['c++ a.o -o a', 'CPP_LINK/Executable_Driver'],
    ['gcc -shared a.o -o a.so', 'CPP_LINK/SharedLib_Driver'],
    ['gcc -E a.c -o a.i', 'CPP_COMPILE/Preprocess_Any'],
    ['gcc -S a.c -o a.s', 'CPP_COMPILE/Backend_Any'],
    ['clang-15 -c a.c', 'CPP_COMPILE/Full_Versioned'],
    ['clang -cc1 -E a.c -o a.i', 'CPP_COMPILE/Frontend_Clang'],
    ['mips-linux-gnu-g++ a.o -o a', 'CPP_LINK/Executable_Driver'],
    ['mips-linux-gnu-g++ --version', 'CPP_COMPILE/Full_CrossGeneric'],
  ])('%s is %s', (line, category) => {
    expect(categoryOf(line)).toBe(category)
  })
})

describe('the shells and probes of ./configure', () => {
  test.each([
    ['/bin/bash ./configure --prefix=/usr', 'BuildSystem/Configure_Script'],
    ['/bin/sh -c "exit 0"', 'Scripting/ShellInteractiveOrDirect'],
    ['gcc -o conftest -g -O2 conftest.c', 'CPP_LINK/Executable_Driver'],
    ['gcc -c -g -O2 conftest.c', 'CPP_COMPILE/Full_GCC'],
    ['./conftest', 'BuildSystem/Configure_Probe'],
    ['/bin/sed -n s/x/y/p confdefs.h', 'OSUtilities/Generic_Path'],
    ['expr X/a : X.*', 'OSUtilities/Generic_Path'],
    ['/bin/sh ./config.guess', 'BuildSystem/Configure_Script'],
    ['mawk -f ./conf.awk', 'OSUtilities/Generic_Path'],
    ['/bin/bash ./config.status', 'BuildSystem/Configure_Script'],
  ])('%s is %s', (line, category) => {
    expect(categoryOf(line)).toBe(category)
  })
})

const PYTHON_CATEGORIES = `
Ignored VSCodeServer:1000 MyMonitor:999 ZellijTerminal:998 CursorEditor:997 CursorNode:996 CursorElectron:995 CursorHelper:994 CursorServer:993 CursorGeneral:992
CPP_COMPILE Frontend_GCC:230 Frontend_Clang:210 Full_Clang:190 Full_Versioned:188 Full_Cross:187 Full_GCC:185 Full_Specialized:176 Preprocess_CPP:172 Preprocess_Any:170 Backend_Any:166 Assembly_Any:161 Full_CrossGeneric:51 Full_Generic:50
CPP_LINK LTO_Optimizer:229 LTO_Collector:208 Executable_Driver:200 SharedLib_Driver:175 Direct_Linker:165 Standard_Collector:160 StaticLib_Archiver:25
BuildSystem Ninja:228 SoongBuild:227 BazelServer:205 Gradle:195 Make:186 CMake:182 Kati:180 SoongUI:177 BazelClient:167 Gomacc:163 SoongSandbox:157 Siso:155
Java_Compile SoongJavacWrapper:164 Javac:162 Java_CompileAndDex:70 Java_CompileAndDex_Path:69
Go_Compile GoInternalCompiler:159 Go_Compiler_Fallback:68
Go_Link GoInternalLinker:158
Rust_Compile Rust_Compiler:65 Rust_Linter:64
Scripting ShellScriptFile:62 ShellInteractiveOrDirect:61 Python:45
OSUtilities Generic_Path:49 TestCommand:5
DevelopmentTools AndroidSDKTools:42 CPP_ABITools:41 MiscDevTools:21 ArchiveAR:20 ArchiveZIP:19 BinStrip:18 BinObjcopy:17
Testing GoTestRunner:11 GoTestBinary:10`
  .trim()
  .split('\n')
  .flatMap((line) => {
    const [major, ...minors] = line.split(' ')
    return minors.map((minor) => `${major}/${minor}`)
  })
