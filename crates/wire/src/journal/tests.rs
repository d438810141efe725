use super::*;
use crate::End;

fn tick() -> Tick {
    Tick {
        tick: 7,
        elapsed_us: 350_123,
        late_us: 123,
        phase: Phase::Build,
        live: 3,
        sampler_cpu_us: 900,
        host: Host { mem_available_kb: Some(0), cgroup_limit_kb: None, load1_milli: Some(1500), ..Host::default() },
        started: vec![ImageStart {
            process_id: 2,
            pid: 4242,
            start_us: -17,
            parent_id: Some(0),
            name: b"cc1plus".to_vec(),
            argv: b"cc1plus\0a b\0\xff".to_vec(),
            argv_cut_from: Some(1 << 20),
            argv_hash: Some(u64::MAX),
            ..ImageStart::default()
        }],
        samples: vec![
            Sample { process_id: 0, rss_kb: 1_200, shared_kb: 800, pss_kb: None, uss_kb: None },
            Sample { process_id: 2, rss_kb: 5 << 32, shared_kb: 0, pss_kb: Some(0), uss_kb: Some(9) },
        ],
        ended: vec![ImageEnd {
            process_id: 1,
            end_us: 350_123,
            end: End::Execed,
            exit_code: Some(0),
            signal: None,
            cpu_us: None,
            vm_hwm_kb: None,
            threads: Some(1),
        }],
    }
}

#[test]
fn a_tick_survives_the_way_there_and_back() {
    let mut payload = Vec::new();
    tick().encode(&mut payload);
    assert_eq!(JournalFrame::decode(&payload), Ok(JournalFrame::Tick(tick())));
}

#[test]
fn no_cut_payload_decodes() {
    let mut payload = Vec::new();
    tick().encode(&mut payload);
    for cut in 0..payload.len() {
        assert!(JournalFrame::decode(&payload[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn a_header_says_its_version() {
    let header = Header { run_id: "u".into(), project: "demo".into(), jobs: Some(2), repeat: 1, interval_us: 50_000 };
    let mut payload = Vec::new();
    header.encode(&mut payload);
    assert_eq!(JournalFrame::decode(&payload), Ok(JournalFrame::Header(header)));
    payload[1] = 99;
    assert!(JournalFrame::decode(&payload).is_err());
}
