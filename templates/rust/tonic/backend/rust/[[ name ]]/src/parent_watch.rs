//! Ends the backend when LocalAI died without stopping it.

use std::env;
use std::os::unix::process::parent_id;
use std::process::exit;
use std::thread;
use std::time::Duration;

const ENABLED: &str = "LOCALAI_BACKEND_PARENT_WATCH";
const INTERVAL: &str = "LOCALAI_BACKEND_PARENT_WATCH_INTERVAL";
const DEFAULT_INTERVAL: Duration = Duration::from_secs(2);

pub fn start() {
    let parent = parent_id();
    if !enabled() || parent <= 1 {
        return;
    }
    let interval = env::var(INTERVAL)
        .ok()
        .and_then(|text| parse_duration(text.trim()))
        .unwrap_or(DEFAULT_INTERVAL);
    thread::spawn(move || {
        // An orphan is given to another parent.
        while parent_id() == parent {
            thread::sleep(interval);
        }
        eprintln!("parent process {parent} is gone, stopping");
        exit(1);
    });
}

fn enabled() -> bool {
    let value = env::var(ENABLED).unwrap_or_default();
    !matches!(
        value.trim().to_lowercase().as_str(),
        "false" | "0" | "no" | "off"
    )
}

/// A duration as Go writes it ("500ms", "1m30s"), if it is one and longer than nothing.
fn parse_duration(text: &str) -> Option<Duration> {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c| !is_number(c))?);
        let (unit, tail) = tail.split_at(tail.find(is_number).unwrap_or(tail.len()));
        let seconds = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        total = total.checked_add(part)?;
        rest = tail;
    }
    (!total.is_zero()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("1.5h"), Some(Duration::from_secs(5400)));
        for text in ["", "0s", "-1s", "5", "s", "1x", "1.2.3s"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
