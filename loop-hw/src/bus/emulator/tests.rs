use super::*;

fn awake() -> Emulator {
    let mut chip = Emulator::default();
    chip.command(op::SLEEP_OUT, &[]).unwrap();
    chip.command(op::PIXEL_FORMAT, &[RGB565]).unwrap();
    chip
}

fn window(chip: &mut Emulator, columns: [u8; 4], pages: [u8; 4]) {
    chip.command(op::COLUMN_ADDRESS, &columns).unwrap();
    chip.command(op::PAGE_ADDRESS, &pages).unwrap();
    chip.command(op::MEMORY_WRITE, &[]).unwrap();
}

/// Places (column, page) of the memory that hold a pixel, in the order of its value.
fn written(chip: &Emulator) -> Vec<(usize, usize)> {
    let width = usize::from(COLUMNS);
    let mut found: Vec<_> = (0..chip.memory.len())
        .filter(|at| chip.memory[*at] != [0, 0])
        .map(|at| (chip.memory[at], (at % width, at / width)))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, place)| place).collect()
}

#[test]
fn pixels_fill_the_window_row_by_row() {
    let mut chip = awake();
    window(&mut chip, [0, 5, 0, 6], [0, 9, 0, 10]);
    chip.pixels(&[0, 1, 0, 2, 0, 3, 0, 4]).unwrap();
    assert_eq!(written(&chip), [(5, 9), (6, 9), (5, 10), (6, 10)]);
    assert_eq!(chip.violations(), 0);
}

#[test]
fn every_access_order_goes_where_the_datasheet_says() {
    // Table of 9.3: MV, MX, MY and the places of the first pixel and its right and lower neighbours.
    let orders = [
        (0x00, [(0, 0), (1, 0), (0, 1)]),
        (0x80, [(0, 319), (1, 319), (0, 318)]),
        (0x40, [(239, 0), (238, 0), (239, 1)]),
        (0xC0, [(239, 319), (238, 319), (239, 318)]),
        (0x20, [(0, 0), (0, 1), (1, 0)]),
        (0xA0, [(0, 319), (0, 318), (1, 319)]),
        (0x60, [(239, 0), (239, 1), (238, 0)]),
        (0xE0, [(239, 319), (239, 318), (238, 319)]),
    ];
    for (order, places) in orders {
        let mut chip = awake();
        chip.command(op::MEMORY_ACCESS, &[order]).unwrap();
        window(&mut chip, [0, 0, 0, 1], [0, 0, 0, 1]);
        chip.pixels(&[0, 1, 0, 2, 0, 3]).unwrap();
        assert_eq!(written(&chip), places, "{order:02X}h");
        assert_eq!(chip.violations(), 0);
    }
}

#[test]
fn a_window_command_cut_short_keeps_the_rest() {
    let mut chip = awake();
    window(&mut chip, [0, 5, 0, 6], [0, 9, 0, 10]);
    chip.command(op::COLUMN_ADDRESS, &[0, 6]).unwrap();
    chip.command(op::MEMORY_WRITE, &[]).unwrap();
    chip.pixels(&[0, 1, 0, 2]).unwrap();
    assert_eq!(written(&chip), [(6, 9), (6, 10)]);
    assert_eq!(chip.violations(), 0);
}

#[test]
fn a_continued_write_goes_on_where_the_last_one_ended() {
    let mut chip = awake();
    window(&mut chip, [0, 5, 0, 6], [0, 9, 0, 10]);
    chip.pixels(&[0, 1]).unwrap();
    chip.command(op::WRITE_CONTINUE, &[]).unwrap();
    chip.pixels(&[0, 2]).unwrap();
    assert_eq!(written(&chip), [(5, 9), (6, 9)]);
}

#[test]
fn each_breach_is_counted() {
    type Breach = fn(&mut Emulator);
    let breaches: [(&str, Breach); 8] = [
        ("pixels without a write command", |chip| {
            chip.pixels(&[0, 1]).unwrap()
        }),
        ("an unknown command", |chip| {
            chip.command(0xFF, &[]).unwrap()
        }),
        ("start behind end", |chip| {
            window(chip, [0, 9, 0, 8], [0, 0, 0, 1])
        }),
        ("a column outside the memory", |chip| {
            window(chip, [0, 0, 0, 240], [0, 0, 0, 1])
        }),
        ("a page outside the memory", |chip| {
            window(chip, [0, 0, 0, 1], [0, 0, 0x01, 0x40])
        }),
        ("a pixel more than the window", |chip| {
            window(chip, [0, 0, 0, 0], [0, 0, 0, 0]);
            chip.pixels(&[0, 1, 0, 2]).unwrap();
        }),
        ("half a pixel", |chip| {
            window(chip, [0, 0, 0, 1], [0, 0, 0, 1]);
            chip.pixels(&[0]).unwrap();
            chip.command(op::DISPLAY_ON, &[]).unwrap();
        }),
        ("pixels while asleep", |chip| {
            chip.command(op::SLEEP_IN, &[]).unwrap();
            chip.command(op::MEMORY_WRITE, &[]).unwrap();
        }),
    ];
    for (name, breach) in breaches {
        let mut chip = awake();
        breach(&mut chip);
        assert_eq!(chip.violations(), 1, "{name}");
    }
}

#[test]
fn a_reset_forgets_the_settings_and_keeps_the_picture() {
    let mut chip = awake();
    window(&mut chip, [0, 0, 0, 1], [0, 0, 0, 1]);
    chip.pixels(&[0, 1]).unwrap();
    chip.reset().unwrap();
    assert_eq!(written(&chip), [(0, 0)]);
    chip.command(op::MEMORY_WRITE, &[]).unwrap();
    assert_eq!(chip.violations(), 1, "asleep again");
}
