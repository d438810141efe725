//! How memory is held: alone, shared, copied on write, growing and shrinking.

use std::io::{self, Read as _};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use crate::Failure;
use crate::args::Args;
use crate::cohort::{self, Timing};
use crate::memory::{self, Mapping, Sharing, high_water_mark_kb};

pub fn private(mut args: Args) -> Result<ExitCode, Failure> {
    let sizes = args.sizes("sizes")?;
    let timing = Timing { stagger: args.time_or("stagger", 0)?, hold: args.time_or("hold", 1000)? };
    let report = args.finish("private")?;
    cohort::run(&sizes, timing, Mapping::filled, |members| report.write(members, ""))?;
    Ok(ExitCode::SUCCESS)
}

pub fn shared(mut args: Args) -> Result<ExitCode, Failure> {
    let size = args.size("size")?;
    let sharers = args.count_or("sharers", 3)?;
    let timing = Timing { stagger: Duration::ZERO, hold: args.time_or("hold", 1000)? };
    let report = args.finish("shared")?;
    let mapping = Mapping::new(size, Sharing::Shared)?;
    let touch = |bytes| {
        mapping.touch(0, bytes);
        Ok(())
    };
    cohort::run(&vec![size; sharers], timing, touch, |members| report.write(members, ""))?;
    Ok(ExitCode::SUCCESS)
}

pub fn copy_on_write(mut args: Args) -> Result<ExitCode, Failure> {
    let size = args.size("size")?;
    let children = args.count_or("children", 3)?;
    let percent = args.count_or("rewrite", 0)?.min(100);
    let timing = Timing { stagger: Duration::ZERO, hold: args.time_or("hold", 1000)? };
    let report = args.finish("cow")?;
    let mapping = Mapping::filled(size)?;
    let rewrite = |bytes| {
        mapping.touch(0, bytes);
        Ok(())
    };
    // The size of each child is what it alone has: the pages that it rewrote.
    let own = size * percent / 100;
    cohort::run(&vec![own; children], timing, rewrite, |members| report.write(members, ""))?;
    Ok(ExitCode::SUCCESS)
}

pub fn memfd(mut args: Args) -> Result<ExitCode, Failure> {
    let size = args.size("size")?;
    let how = args.text("as").unwrap_or_else(|| "mapped".to_owned());
    let timing = Timing { stagger: Duration::ZERO, hold: args.time_or("hold", 1000)? };
    let report = args.finish("memfd")?;
    let flags = match how.as_str() {
        "mapped" | "written" => libc::MFD_CLOEXEC,
        "huge" => libc::MFD_CLOEXEC | libc::MFD_HUGETLB,
        _ => return Err(format!("as={how}: one of mapped, written, huge").into()),
    };
    let hold = |bytes| {
        let mut file = memory::memfd(bytes, flags)?;
        if how == "written" {
            io::copy(&mut io::repeat(0xA5).take(bytes as u64), &mut file)?;
            return Ok((file, None));
        }
        let mapping = Mapping::of_file(&file, bytes)?;
        mapping.touch(0, bytes);
        Ok((file, Some(mapping)))
    };
    cohort::run(&[size], timing, hold, |members| report.write(members, ""))?;
    Ok(ExitCode::SUCCESS)
}

pub fn ramp(mut args: Args) -> Result<ExitCode, Failure> {
    let sizes = args.sizes("sizes")?;
    let hold = args.time_or("hold", 300)?;
    let report = args.finish("ramp")?;
    let largest = sizes.iter().copied().max().unwrap_or(0);
    report.write(&[], &format!(r#","largest_kb":{}"#, largest / 1024))?;
    let mapping = Mapping::new(largest, Sharing::Private)?;
    for size in sizes {
        mapping.release(size, largest)?;
        mapping.touch(0, size);
        sleep(hold);
    }
    Ok(ExitCode::SUCCESS)
}

pub fn high_water_mark(mut args: Args) -> Result<ExitCode, Failure> {
    let size = args.size("size")?;
    let report = args.finish("hwm")?;
    drop(Mapping::filled(size)?);
    report.write(&[], &format!(r#","size_kb":{},"vm_hwm_kb":{}"#, size / 1024, high_water_mark_kb()?))?;
    Ok(ExitCode::SUCCESS)
}
