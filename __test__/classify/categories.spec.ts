import { expect, test } from 'vitest'
import { categoryOf } from './shipped.ts'

/** What belongs to each category of the Python MyMonitor, for those who compare runs of both. */
const BELONGS = `
VSCodeServer: /usr/share/code/code --type=x
MyMonitor: mymonitor sample
ZellijTerminal: zellij
Frontend_GCC: cc1 a.c · cc1plus a.cc
Frontend_Clang: /usr/lib/llvm-15/bin/clang-15 -cc1 -triple x
Full_Clang: clang -c a.c · clang++ -c a.c · aarch64-linux-android31-clang++ -c a.c
Full_Versioned: gcc-12 -c a.c · clang++-15 -c a.c
Full_Cross: x86_64-linux-gnu-gcc -c a.c · x86_64-w64-mingw32-g++ -c a.c · riscv64-unknown-elf-gcc -c a.c · arm-none-eabi-g++ -c a.c
Full_GCC: gcc -c a.c · /usr/bin/g++ -c a.c
Full_Specialized: nvcc -c a.cu · icc -c a.c · icpc -c a.c · pgcc -c a.c · xlc -c a.c · xlC -c a.c
Preprocess_CPP: cpp a.c
Preprocess_Any: gcc -E a.c · clang++-15 -E a.c · arm-none-eabi-gcc -E a.c
Backend_Any: gcc -S a.c · x86_64-linux-gnu-g++-12 -S a.c
Assembly_Any: as a.s · gas a.s · arm-linux-gnueabihf-as a.s
Full_CrossGeneric: arm-none-eabi-gcc a.c · x86_64-linux-gnu-g++ --version
Full_Generic: gcc a.c · clang a.c · cc a.c · c++ --version
LTO_Optimizer: lto1 x · lto-wrapper x
LTO_Collector: collect2 -plugin liblto_plugin.so a.o
Executable_Driver: gcc -o a a.o · clang++-15 a.o -o a
SharedLib_Driver: g++ -shared a.o -o a.so · aarch64-linux-gnu-gcc -shared a.o -o a.so
Direct_Linker: ld -o a a.o · ld.bfd a.o · ld.gold a.o · ld.lld a.o · x86_64-linux-gnu-ld a.o · mold a.o
Standard_Collector: collect2 -o a a.o
StaticLib_Archiver: ar rcs a.a a.o · llvm-ar cr a.a a.o · aarch64-linux-gnu-ar cru a.a a.o
Ninja: ninja -j8
SoongBuild: out/soong_build x
BazelServer: java -jar A-server.jar
Gradle: java org.gradle.launcher.GradleMain build
Make: make · gmake
CMake: cmake -S .
Kati: kati · ckati --ninja
SoongUI: out/soong_ui --make-mode
BazelClient: bazel build //...
Gomacc: gomacc
SoongSandbox: sbox --sandbox-path x -c 'y'
Siso: siso ninja
SoongJavacWrapper: soong_javac_wrapper javac a.java
Javac: javac A.java
Java_CompileAndDex: java -cp x Main
Java_CompileAndDex_Path: /usr/bin/java -cp x Main
GoInternalCompiler: go tool compile -o a a.go · /usr/local/go/pkg/tool/linux_amd64/compile -o a a.go
Go_Compiler_Fallback: go build
GoInternalLinker: go tool link -o a a.a · /usr/local/go/pkg/tool/linux_amd64/link -o a a.a
Rust_Compiler: rustc a.rs
Rust_Linter: clippy-driver rustc a.rs
ShellScriptFile: bash run.sh · sh ./x
ShellInteractiveOrDirect: bash · sh · zsh
Python: python3 x.py · python
Generic_Path: mkdir x · rm x · cp a b · mv a b · cat a · sed x · echo x · touch x · ln a b · find . · grep x · awk x · tr a b · sort x
Generic_Path: uniq · head · tail · basename x · dirname x · readlink x · stat x · chmod x · chown x · expr 1 · sleep 1 · date · unzip x
Generic_Path: xz x · tar x · gzip x · bzip2 x · patch -p1
TestCommand: test -f x
AndroidSDKTools: aapt x · aapt2 x · d8 x · r8 x · aidl x · hidl-gen x · dex2oat x · veridex x
CPP_ABITools: header-abi-dumper x · header-abi-linker x
MiscDevTools: bindgen x · openssl x · versioner x · microfactory x · hiddenapi x · profman x · secilc x · sepolicy-check x
ArchiveAR: ar t x.a · ar x x.a
ArchiveZIP: zip x · jar cf x · soong_zip x · zip2zip x · zipsync x · merge_zips x
BinStrip: strip x
BinObjcopy: objcopy x
GoTestRunner: gotestmain x · gotestrunner x
GoTestBinary: /tmp/x.test -test.v
`
  .trim()
  .split('\n')
  .flatMap((line) => {
    const [category = '', commands = ''] = line.split(/: (.*)/)
    return commands.split(' · ').map((command) => [command, category] as const)
  })

test.each(BELONGS)('%s is %s', (command, category) => {
  expect(categoryOf(command).split('/')[1]).toBe(category)
})
