import { expect, test } from 'vitest'
import { classify } from '../../ts/classify/classify.ts'
import { processOf } from '../../ts/classify/rules.ts'
import { shipped } from './shipped.ts'

test.each<[string, string | null]>([
  ['gcc -include config.h -Iinc -MF a.d -c src/a.c -o a.o', 'src/a.c'],
  ['g++ -MMD -MP -c calc/json.cpp -o build/calc/json.o', 'calc/json.cpp'],
  [
    '/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus -quiet -I num -MMD build/json.d -MF build/json.d -D_GNU_SOURCE calc/json.cpp -quiet -dumpbase json.cpp -o /tmp/cc1.s',
    'calc/json.cpp',
  ],
  ['clang -cc1 -triple x86_64 -main-file-name b.cc -o b.o -x c++ dir/b.cc', 'dir/b.cc'],
  ['gcc -o demo main.o -lm', 'demo'],
  ['gcc main.c util.c -o demo', 'demo'],
  ['gcc -shared -o libx.so x.o', 'libx.so'],
  ['gcc --version', null],
  ['as --64 -o a.o /tmp/cc1.s', 'a.o'],
  ['/usr/bin/ld --output=demo a.o', 'demo'],
  ['collect2 -plugin x.so -o demo a.o', 'demo'],
  ['ar rcs libx.a x.o', 'libx.a'],
  ['ranlib libx.a', 'libx.a'],
  ['rustc --crate-name serde_json src/lib.rs', 'serde_json'],
  ['rustc - --crate-name ___ --print=cfg', null],
  ['/w/target/debug/build/serde-0a1b2c3d4e5f6071/build-script-build', 'serde'],
  ['/usr/local/go/pkg/tool/linux_amd64/compile -o p.a -p net/http a.go', 'net/http'],
  ['/usr/local/go/pkg/tool/linux_amd64/link -o a.out main.a', 'a.out'],
  ['javac -d out src/A.java', 'src/A.java'],
  ['java -Xmx1g -jar tool.jar in', 'tool.jar'],
  ['jar cf demo.jar -C out .', 'demo.jar'],
  ['protoc --cpp_out=. a.proto', 'a.proto'],
  ['sh -c "cd x && gcc -c a.c"', 'a.c'],
  ['make -j8', null],
])('%s works on %s', (line, target) => {
  expect(classify(shipped, processOf(line)).target).toBe(target)
})
