//! Bytes and numbers from the RFCs. What needs a socket, a process or Python is
//! in `crates/checks`.

use std::time::Duration;

use crate::packet::{
    self, Answer, COPY, answer, inside, ntp, probe, reply, request,
};
use crate::picture::{histogram, svg};
use crate::schedule::{exponential, times};
use crate::stats::*;

const UNDEF: f64 = f64::INFINITY;

#[test]
fn the_sample_of_rfc_2681() {
    let sample = [100.0, 110.0, UNDEF, 90.0, 500.0];
    for (percent, value) in [
        (1.0, 90.0),
        (20.0, 90.0),
        (20.1, 100.0),
        (40.0, 100.0),
        (50.0, 110.0),
        (80.0, 500.0),
        (81.0, UNDEF),
        (100.0, UNDEF),
    ] {
        assert_eq!(percentile(&sample, percent), value, "P{percent}");
    }
    assert_eq!((median(&sample), minimum(&sample)), (110.0, 90.0));
    assert_eq!(inverse(&sample, 103.0), Some(0.4));
    assert_eq!(inverse(&sample, 110.0), Some(0.6));
    assert_eq!(inverse(&sample, 3_600_000.0), Some(0.8));
    assert_eq!(received(&sample), [100.0, 110.0, 90.0, 500.0]);
    assert_eq!(percentile(&received(&sample), 50.0), 100.0);
    assert_eq!(percentile(&received(&sample), 95.0), 500.0);
}

#[test]
fn samples_with_a_middle_that_is_two_values() {
    let sample = [100.0, 110.0, UNDEF, 90.0];
    assert_eq!((median(&sample), minimum(&sample)), (105.0, 90.0));
    assert_eq!(percentile(&sample, 50.0), 100.0);
    assert_eq!(inverse(&sample, 103.0), Some(0.5));
    assert_eq!(median(&[100.0, UNDEF]), UNDEF);
    assert_eq!(percentile(&[100.0, UNDEF], 50.0), 100.0);
    assert_eq!(median(&[100.0, 110.0, UNDEF, UNDEF]), UNDEF);
}

#[test]
fn samples_without_a_single_delay() {
    let lost = [UNDEF; 3];
    assert_eq!(inverse(&lost, 1e9), Some(0.0));
    assert_eq!((median(&lost), minimum(&lost)), (UNDEF, UNDEF));
    assert_eq!(percentile(&lost, 1.0), UNDEF);
    assert_eq!((median(&[]), minimum(&[])), (UNDEF, UNDEF));
    assert_eq!(percentile(&[], 50.0), UNDEF);
    assert_eq!(inverse(&[], 1.0), None);
    let text = summary(&[], Some(1.0));
    assert!(text.contains("under 1 ms  undefined\n"), "{text}");
    assert_eq!(text.matches("undefined").count(), 11, "{text}");
    assert_eq!(histogram(&[]), "");
    assert!(svg(&[], "", false).contains("N = 0, 0 undefined"));
}

/// The RFC prints -infinity for the 15th; by its own definition it is -5.
#[test]
fn the_distribution_of_rfc_2330() {
    let sample = [-2.0, 7.0, 7.0, 4.0, 18.0, -5.0];
    for (x, share) in
        [(-8.0, 0), (-5.0, 1), (-5.0001, 0), (-4.9999, 1), (7.0, 5), (18.0, 6)]
    {
        assert_eq!(inverse(&sample, x), Some(f64::from(share) / 6.0), "{x}");
    }
    for (percent, value) in [(50.0, 4.0), (25.0, -2.0), (100.0, 18.0)] {
        assert_eq!(percentile(&sample, percent), value, "P{percent}");
    }
    assert_eq!(percentile(&sample, 15.0), -5.0);
    assert_eq!(median(&sample), 5.5);
}

/// 0.07 * 100 is 7.000000000000001, which would be rank 8.
#[test]
fn percentiles_of_1_to_100_are_1_to_100() {
    let sample: Vec<_> = (1..=100).map(f64::from).collect();
    for p in &sample {
        assert_eq!(percentile(&sample, *p), *p);
    }
    assert_eq!(percentile(&sample, 2.5), 3.0);
    assert_eq!(percentile(&sample, 97.5), 98.0);
}

#[test]
fn anderson_darling_knows_good_and_bad() {
    let close = |a: Option<f64>, b: f64| {
        assert!(a.is_some_and(|a| (a - b).abs() < 5e-10), "{a:?}, not {b}");
    };
    let z: Vec<_> = (1..=9).map(|i| f64::from(i) / 10.0).collect();
    close(a2(&z), 0.154946837);
    close(anderson_darling(&[1.0; 10], 1.0), 4.586751454);
    let gaps = [0.05, 0.3, 0.7, 1.2, 2.9];
    close(anderson_darling(&gaps, 1.0), 0.214208239);
    assert_eq!(anderson_darling(&gaps[..4], 1.0), None);
    assert_eq!(anderson_darling(&[0.0, 0.3, 0.7, 1.2, 2.9], 1.0), None);
    // The machine slept: 1 - exp(-1000) is 1 in floats. Still a number.
    let slept = anderson_darling(&[0.05, 0.3, 0.7, 1.2, 1000.0], 1.0);
    assert!(slept.is_some_and(f64::is_finite), "{slept:?}");
}

#[test]
fn gaps_are_exponential_and_pass_their_own_test() {
    assert!((exponential(30.0, 0.5) - 20.7944).abs() < 1e-4);
    assert_eq!(exponential(30.0, 0.0), 0.0);
    // A sample of good gaps fails at the 5 % level in one of twenty cases:
    // so ten attempts; 0.05^10 is one in 10^13.
    let passed = (0..10).any(|_| {
        let times = times(1000, 0.1, false);
        let before = [Duration::ZERO].into_iter().chain(times.iter().copied());
        let gaps: Vec<_> = times
            .iter()
            .zip(before)
            .map(|(time, before)| (*time - before).as_secs_f64())
            .collect();
        anderson_darling(&gaps, 0.1).is_some_and(|a2| a2 <= 2.492)
    });
    assert!(passed);
    let even = times(3, 0.25, true).into_iter().map(|t| t.as_millis());
    assert_eq!(even.collect::<Vec<_>>(), [250, 500, 750]);
    assert!(times(0, 0.1, false).is_empty());
}

#[test]
fn ntp_time_starts_in_1900_and_again_in_2036() {
    assert_eq!(ntp(Duration::ZERO), 0x83AA_7E80_0000_0000);
    assert_eq!(ntp(Duration::from_millis(500)), 0x83AA_7E80_8000_0000);
    let wrap = 0x1_0000_0000 - 0x83AA_7E80; // 2036-02-07, 06:28:16 UTC
    assert_eq!(ntp(Duration::from_secs(wrap - 1)) >> 32, 0xFFFF_FFFF);
    assert_eq!(ntp(Duration::from_secs(wrap)), 0);
    assert_eq!(ntp(Duration::new(0, 999_999_999)) as u32, 0xFFFF_FFFB);
}

/// RFC 8762, section 4.2.1 and 4.3.1.
#[test]
fn every_byte_of_a_request_and_of_its_reply() {
    let sent = request(0x0102_0304, 0x1112_1314_1516_1718, 44);
    let mut expected = vec![1, 2, 3, 4];
    expected.extend([0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]);
    expected.extend([0x20, 0x01]); // S = Z = 0, scale 32, multiplier 1
    expected.extend([0; 30]);
    assert_eq!(sent, expected);

    let back = reply(&sent, 0x2122_2324_2526_2728, 0x3132_3334_3536_3738);
    let mut expected = vec![1, 2, 3, 4];
    expected.extend([0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38]);
    expected.extend([0x20, 0x01, 0, 0]);
    expected.extend([0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28]);
    expected.extend(&sent[..14]);
    expected.extend([0, 0, 255, 0, 0, 0]);
    assert_eq!(back, expected);
    let found = Some((0x0102_0304, 0x1112_1314_1516_1718));
    assert_eq!(probe(&back, COPY), found);
    assert_eq!(probe(&sent, 0), found);
    assert_eq!(probe(&back[..36], COPY), found);
    assert_eq!(probe(&back[..35], COPY), None);
}

#[test]
fn a_reply_is_as_long_as_its_request_or_a_whole_stamp() {
    for length in [0, 1, 13, 14, 41, 43, 44, 45, 1400, 65507] {
        let data: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let back = reply(&data, 5, 6);
        let whole = if length < 14 { length } else { length.max(44) };
        assert_eq!(back.len(), whole);
        assert_eq!(back == data, length < 14, "{length}");
        assert_eq!(
            back.get(44..).unwrap_or(&[]),
            data.get(44..).unwrap_or(&[])
        );
        if length >= 14 {
            assert_eq!(back[24..38], data[..14], "{length}");
            assert_eq!(back[38..44], [0, 0, 255, 0, 0, 0], "{length}");
        }
    }
    let (one, other) = (request(1, 2, 1400), request(1, 3, 1400));
    assert_eq!((one.len(), &one[12..44]), (1400, &other[12..44]));
    assert_eq!(one[44..48], [0x80, 1, 5, 72], "1,352 bytes of padding");
    assert_ne!(one[48..], other[48..], "they are random");
    assert_eq!(one, request(1, 2, 1400), "and known to who knows the time");
}

/// 300 bytes, of which each one is changed in turn: what is told of it.
#[test]
fn which_damaged_bytes_are_seen() {
    let sent = request(7, 0x1112_1314_1516_1718, 300);
    let seen = |back: &[u8]| -> Vec<usize> {
        let whole = |data: &[u8]| match answer(data, &sent) {
            Answer::Stamp | Answer::Echo => true,
            Answer::Damaged => false,
            other => panic!("{other:?}"),
        };
        assert!(whole(back));
        let damaged = (0..300).filter(|i| {
            let mut data = back.to_vec();
            data[*i] ^= 1;
            !whole(&data)
        });
        damaged.collect()
    };
    assert_eq!(seen(&sent), (0..300).collect::<Vec<_>>());
    // Byte 13 of a reply, the multiplier, was 1.
    let repeated = [13].into_iter().chain(24..38).chain(45..300);
    let back = reply(&sent, 1, 2);
    assert_eq!(seen(&back), repeated.collect::<Vec<_>>());
    for strange in [&[][..], &[0; 44], &[0xff; 300], b"hola"] {
        assert_eq!(answer(strange, &sent), Answer::Strange);
    }
}

#[test]
fn the_time_inside_the_reflector() {
    let inside = |t2, t3| inside(&reply(&request(1, 2, 44), t2, t3));
    assert_eq!(inside(7 << 32, 7 << 32), Some(Duration::ZERO));
    let half = Some(Duration::from_millis(500));
    assert_eq!(inside(7 << 32, (7 << 32) + (1 << 31)), half);
    assert_eq!(inside(u64::MAX - (1 << 31) + 1, 0), half); // 2036
    assert_eq!(inside(7 << 32, 6 << 32), None, "T3 before T2");
    assert_eq!(packet::inside(&[0; 23]), None);
    let mut ptp = reply(&request(1, 2, 44), 7 << 32, 8 << 32);
    ptp[12] |= 0x40; // Z: its times are PTP's.
    assert_eq!(packet::inside(&ptp), None);
}

#[test]
fn the_histogram_has_a_place_for_every_probe() {
    let mut rtts: Vec<f64> = (1..=200).map(|i| f64::from(i) / 1e3).collect();
    rtts.extend([UNDEF; 3]);
    let text = histogram(&rtts);
    let count = |line: &str| -> usize {
        let line = line.replace(" ms", "");
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    assert_eq!(text.lines().map(count).sum::<usize>(), 203, "{text}");
    assert_eq!(text.lines().count(), 12, "{text}");
    let last: Vec<_> = text.lines().skip(10).collect();
    assert!(last[0].contains(">p99      2 █"), "{text}");
    assert!(last[1].contains("undefined      3 █"), "{text}");
    // No more classes than there are delays; no row without a reason.
    let text = histogram(&[0.002; 5]);
    assert!(text.starts_with("      2.000 ms      5 ████"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(histogram(&[0.001, 0.002, 0.009]).lines().count(), 3);
    assert_eq!(histogram(&[UNDEF]).lines().count(), 1);
}

/// The numbers between `<text ...>` and `</text>`, of those on one line of the
/// drawing: `part` is in what stands before.
fn labels(drawn: &str, part: &str) -> Vec<String> {
    let lines = drawn.lines().filter(|line| line.contains(part));
    let text = |line: &str| {
        let start = line.split('>').nth(1)?;
        start.split('<').next().map(str::to_string)
    };
    lines.filter_map(text).collect()
}

#[test]
fn the_drawing_ends_at_the_share_that_came_back() {
    let drawn = svg(&[0.001, 0.002, 0.004, UNDEF], "a title", false);
    // 75 % of the height: 310 - 0.75 * 250.
    assert!(drawn.contains("V122.5'/>"), "{drawn}");
    assert!(drawn.contains("<path class='end' d='M70 122.5H610'/>"), "{drawn}");
    for words in [
        ">a title<",
        ">N = 4, 1 undefined<",
        ">round-trip delay in ms<",
        ">share that took at most so long<",
        ">probes<",
        "prefers-color-scheme: dark",
    ] {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
    assert_eq!(drawn.matches('<').count(), drawn.matches('>').count());
}

#[test]
fn the_axes_have_round_numbers() {
    let axis = |rtts: &[f64]| labels(&svg(rtts, "", false), "y='330'");
    let delays: Vec<_> =
        (0..100).map(|i| 0.1215 + f64::from(i) / 1e3).collect();
    let ms = axis(&delays);
    assert_eq!(ms, ["120", "140", "160", "180", "200", "220"]);
    assert_eq!(axis(&[0.000_04]), ["0.00", "0.01", "0.02", "0.03", "0.04"]);
    let ms = axis(&[0.0123, 0.0125]);
    assert_eq!(ms.first().map(String::as_str), Some("12.30"), "{ms:?}");
    assert!(ms.len() >= 4 && ms.len() < 9, "{ms:?}");
    // One late reply does not press the others flat, and is told.
    let mut late = delays.clone();
    late[99] = 2.5;
    assert_eq!(axis(&late), axis(&delays));
    let drawn = svg(&late, "", false);
    let words = "1 beyond the right edge, up to 2500 ms<";
    assert!(drawn.contains(words), "{drawn}");
    let spanish = svg(&[0.000_04, UNDEF], "", true);
    assert_eq!(labels(&spanish, "y='330'")[1], "0,01");
    assert!(spanish.contains("1 indefinidas<"), "{spanish}");
    assert!(svg(&[], "", false).contains("</svg>"));
    assert!(svg(&[UNDEF; 3], "", false).contains("3 undefined"));
}
