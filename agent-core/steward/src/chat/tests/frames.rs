//! How long a frame takes when much was said. The figures are printed; the bound is the promise of 60 frames a second.

use super::*;
use crate::chat::row::{Row, Tone};

/// The longest of many frames, in microseconds, after the first, which wraps what it shows.
fn slowest(model: &mut Model, code: KeyCode) -> u128 {
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    let now = Instant::now();
    let mut times: Vec<u128> = (0..100)
        .map(|_| {
            let begun = Instant::now();
            model.update(press(code), now);
            model.update(Msg::Event(Box::new(Event::Opened { text: "one more line".to_owned() })), now);
            terminal.draw(|frame| model.view(frame)).unwrap();
            begun.elapsed().as_micros()
        })
        .collect();
    times.sort_unstable();
    // Somebody else's work on this machine is not ours: the 95th of 100.
    times[94]
}

#[test]
fn a_frame_with_10_000_lines_takes_less_than_16_ms() {
    let mut model = model(120, 40);
    for number in 0..10_000 {
        let text = format!("{number}: swap 10 ETH to USDC on ethereum at block 7, gas 184321. ").repeat(4);
        model.transcript.push(vec![Row::new(Tone::Plain, text)], false);
    }
    model.update(planned(Verdict::Allow), Instant::now());
    for code in [KeyCode::PageUp, KeyCode::Down, KeyCode::PageDown] {
        let taken = slowest(&mut model, code);
        println!("{code:?}: {taken} µs a frame");
        assert!(taken < 16_000, "{code:?}: {taken} µs");
    }
    // Another width wraps anew, and only what is seen.
    let begun = Instant::now();
    model.update(Msg::Resize(Size { width: 100, height: 30 }), begun);
    screen(&model, 100, 30);
    let taken = begun.elapsed().as_micros();
    println!("resize: {taken} µs");
    assert!(taken < 16_000, "resize: {taken} µs");
}
