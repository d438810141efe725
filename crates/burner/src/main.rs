//! A program whose memory is known: it allocates, shares, forks, execs and exits known amounts at known times, so that a test of the sampler
//! knows the truth. Development only; the language of its arguments is in `HELP` below, which `--help` prints.

use std::io::Write as _;
use std::process::ExitCode;

mod args;
mod cohort;
mod memory;
mod process;
mod report;
mod scenarios;
mod terminal;

use args::Args;

const HELP: &str = "\
mymonitor-burner SCENARIO [key=value]... [-- COMMAND...]

Sizes are 512K, 100M or 1G (powers of 1024), times 200ms or 2s. Memory is touched page by page with non-zero data, without huge pages.
report=FILE (or report=- for stdout) appends one line of JSON with what was done: pids, sizes, and what statm said before (base) and after.
All processes of a scenario are alive together for `hold`, counted from the moment the last one has its memory.

  private  sizes=40M,60M [stagger=0ms] [hold=1s]   one forked process a size, each with private memory, started `stagger` apart
  shared   size=80M [sharers=3] [hold=1s]          forked sharers of one shared mapping; the parent maps it but touches nothing
  cow      size=80M [children=3] [rewrite=0] [hold=1s]
                                                   the parent fills private memory, its forks rewrite so many percent of it
  memfd    size=80M [as=mapped|written|huge] [hold=1s]
                                                   one forked process with a file in memory: mapped, only written, or mapped in huge pages
  ramp     sizes=20M,90M,10M [hold=300ms]          one process that grows and shrinks to each size in turn
  threads  sizes=40M,60M [stagger=0ms] [hold=1s]   as private, forked from a worker thread that stays alive
  daemon   size=50M [hold=1s] [linger=0ms]         double fork and setsid; the parent exits `linger` after the daemon has its memory
  vfork    size=100M [held=200ms] [-- COMMAND]     private memory, then a child that shares it for `held` and then execs or exits
  exec     size=50M [after=500ms] -- COMMAND       private memory, then COMMAND in the same process
  spawn    count=100 [parallel=1] [-- COMMAND]     short processes; without COMMAND forks that exit at once
  exit     [status=0 | signal=TERM] [after=0ms]    ends by itself
  print    size=50M [chunk=64K] [to=stdout|stderr|both]
                                                   writes so much text, `chunk` bytes a write
  hwm      size=30M                                private memory, then reports its own VmHWM just before it exits
  pty      -- COMMAND                              COMMAND on a new terminal of 80x24, relayed to stdin and stdout; ends with its status
";

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let Some(first) = words.next() else { return fail("no scenario given; --help lists them") };
    if first == "--help" || first == "-h" {
        return match std::io::stdout().write_all(HELP.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error.to_string()),
        };
    }
    let name = first.to_string_lossy();
    match Args::parse(words).and_then(|args| run(&name, args)) {
        Ok(code) => code,
        Err(error) => fail(&error.to_string()),
    }
}

/// Why a scenario could not be played, in words for the person who wrote its arguments.
type Failure = Box<dyn std::error::Error>;

fn run(name: &str, args: Args) -> Result<ExitCode, Failure> {
    match name {
        "private" => scenarios::memory::private(args),
        "shared" => scenarios::memory::shared(args),
        "cow" => scenarios::memory::copy_on_write(args),
        "memfd" => scenarios::memory::memfd(args),
        "ramp" => scenarios::memory::ramp(args),
        "hwm" => scenarios::memory::high_water_mark(args),
        "threads" => scenarios::family::threads(args),
        "daemon" => scenarios::family::daemon(args),
        "vfork" => scenarios::family::vfork(args),
        "exec" => scenarios::family::exec(args),
        "spawn" => scenarios::family::spawn(args),
        "exit" => scenarios::ending::exit(args),
        "print" => scenarios::ending::print(args),
        "pty" => terminal::run(args),
        _ => Err(format!("no scenario {name:?}; --help lists them").into()),
    }
}

fn fail(message: &str) -> ExitCode {
    // Nothing can be done about a closed stderr, and the status says it too.
    let _ = writeln!(std::io::stderr(), "mymonitor-burner: {message}");
    ExitCode::from(2)
}
