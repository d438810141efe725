//! Tables of the Python `MyMonitor` become recordings with the same sums.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use mymonitor_convert::{Compression, Format, ImportOptions, Imported, export_wide, import};
use mymonitor_recording::{ClassesTable, Recording, Window};

fn imported(dir: &Path, table: &str) -> Result<Imported, String> {
    fs::write(dir.join("t.csv"), table).expect("a file");
    let recording = dir.join("recording");
    fs::create_dir_all(&recording).expect("a directory");
    let options = ImportOptions {
        run_id: "run".into(),
        project: "qemu".into(),
        jobs: Some(8),
        interval_us: 50_000,
        compression: Compression::Snappy,
    };
    import((&dir.join("t.csv"), Format::Csv), &recording, &options).map_err(|error| error.to_string())
}

/// RSS by tick.
fn totals(dir: &Path) -> Vec<i64> {
    let recording = Recording::open(&dir.join("recording")).expect("a recording");
    let mut totals = vec![0; recording.timeline().expect("ticks").len()];
    let mut window = Window::new();
    for index in 0..recording.windows() {
        recording.window(index, &mut window).expect("a window");
        for row in 0..window.rows() {
            totals[window.tick(row) as usize] += window.rss_kb[row];
        }
    }
    totals
}

#[test]
fn samples_stamped_one_by_one_are_one_tick_until_a_process_comes_again_or_the_sampler_pauses() {
    let dir = tempfile::tempdir().expect("a directory");
    let table = "timestamp,pid,command,major_category,minor_category,PSS_KB,USS_KB,RSS_KB\n\
        100.000,1,make,BuildSystem,Make,10,8,1000\n\
        100.004,2,/usr/lib/cc1 -o a.o,CPP_COMPILE,Frontend_GCC,20,18,2000\n\
        100.050,1,make,BuildSystem,Make,10,8,1001\n\
        100.054,3,as,CPP_COMPILE,Assembly_Any,30,28,3000\n\
        100.104,4,ld,CPP_LINK,Direct_Linker,40,38,4000\n";
    let result = imported(dir.path(), table).expect("an import");
    assert_eq!((result.rows, result.ticks, result.processes, result.has_pss, result.has_rss), (5, 3, 4, true, true));
    assert_eq!((result.started_at_unix_us, result.duration_us), (100_000_000, 104_000));
    assert_eq!(totals(dir.path()), [3000, 4001, 4000]);
}

#[test]
fn a_table_that_is_not_in_the_order_of_time_has_sums_of_its_own_left_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let table = "Timestamp_epoch,Record_Type,PID,Major_Category,Minor_Category,Command_Name,Full_Command,RSS_KB\n\
        1751553052.50,PROCESS,7,CPP_COMPILE,Frontend_GCC,cc1,/usr/lib/cc1 -o a.o a.c,500.0\n\
        1751553052.45,PROCESS,7,CPP_COMPILE,Frontend_GCC,cc1,/usr/lib/cc1 -o a.o a.c,400.0\n\
        1751553052.45,ALL_SUM,,,,,,400.0\n\
        1751553052.45,PROCESS,8,,,sh,,\n";
    let result = imported(dir.path(), table).expect("an import");
    assert_eq!((result.rows, result.left_out, result.ticks, result.has_pss), (2, 2, 2, false));
    assert_eq!(totals(dir.path()), [400, 500]);
    let recording = Recording::open(&dir.path().join("recording")).expect("a recording");
    let processes = recording.processes(0, 9).expect("processes");
    assert_eq!(processes.name, [Some("cc1".to_owned())]);
    assert_eq!(processes.argv, [Some(["/usr/lib/cc1", "-o", "a.o", "a.c"].map(str::to_owned).to_vec())]);
    let classes = ClassesTable::open(&dir.path().join("recording")).expect("classes").expect("a table").read().expect("rows");
    assert_eq!((classes.classes[0].minor_category.as_str(), classes.rules_digest.as_str()), ("Frontend_GCC", "imported"));
}

#[test]
fn a_pid_with_another_command_line_is_another_image_and_without_rss_pss_stands_for_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let result = imported(dir.path(), "epoch,pid,command_name,PSS_KB\n1.0,5,sh,10\n1.05,5,cc,20\n1.10,5,cc,30\n").expect("an import");
    assert_eq!((result.processes, result.has_rss), (2, false));
    assert_eq!(totals(dir.path()), [10, 20, 30]);
    let recording = Recording::open(&dir.path().join("recording")).expect("a recording");
    let processes = recording.processes(0, 9).expect("processes");
    assert_eq!(processes.pid, [Some(5), Some(5)]);
    assert_eq!(processes.exec_count, [Some(0), Some(1)]);
    assert_eq!(processes.end_us[0], Some(50_000));
}

#[test]
fn another_table_is_refused_with_what_it_lacks() {
    let dir = tempfile::tempdir().expect("a directory");
    let lacks = |table| imported(dir.path(), table).expect_err("refused");
    assert!(lacks("a,b\n1,2\n").contains("it has no column timestamp or epoch"));
    assert!(lacks("timestamp,pid\n1,2\n").contains("it has no column PSS_KB or RSS_KB"));
    assert!(lacks("timestamp,pid,rss_kb\nnever,2,3\n").contains("the time is Text(\"never\"), expected seconds since 1970"));
    assert!(lacks("timestamp,pid,rss_kb\n").contains("it has no sample of a process"));
}

#[test]
fn a_recording_written_as_a_wide_table_is_the_table_that_it_was_made_of() {
    let dir = tempfile::tempdir().expect("a directory");
    let table = "timestamp,pid,command_name,full_command,major_category,minor_category,PSS_KB,USS_KB,RSS_KB\n\
        1751553052.100000,1,make,make -j8,BuildSystem,Make,1000,900,4000\n\
        1751553052.100000,2,cc1,\"/usr/lib/cc1 -Wl,x a.c\",CPP_COMPILE,Frontend_GCC,50000,48000,70000\n\
        1751553052.150000,1,make,make -j8,BuildSystem,Make,1001,901,4000\n\
        1751553052.200000,1,make,make -j8,BuildSystem,Make,1002,902,4000\n";
    let result = imported(dir.path(), table).expect("an import");
    let wide = dir.path().join("wide.csv");
    assert_eq!(export_wide(&dir.path().join("recording"), result.started_at_unix_us, &BTreeMap::new(), &wide).expect("an export"), 4);
    assert_eq!(fs::read_to_string(&wide).expect("a file"), table);
}
