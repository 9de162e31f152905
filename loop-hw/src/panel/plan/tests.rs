use proptest::prelude::*;

use super::*;
use crate::bus::WireCost;

fn rect() -> impl Strategy<Value = Rect> {
    let size = prop_oneof![3 => 1u16..6, 2 => 1u16..60, 1 => 1u16..=320];
    (0u16..240, 0u16..320, size.clone(), size).prop_map(|(x, y, width, height)| Rect {
        x,
        y,
        width: width.min(PANEL.width - x),
        height: height.min(PANEL.height - y),
    })
}

fn cost() -> impl Strategy<Value = WireCost> {
    let presets = [
        WireCost::spidev(40_000_000),
        WireCost::spidev(10_000_000),
        WireCost::registers(62_500_000),
        WireCost::registers(80_000_000),
    ];
    let any = (
        0u32..60_000,
        0u32..90_000,
        0u32..900_000,
        0u32..900_000,
        1usize..200_000,
    );
    prop_oneof![
        prop::sample::select(presets.to_vec()).boxed(),
        any.prop_map(
            |(short_ns, bulk_ns, short_byte_ps, byte_ps, max_write)| WireCost {
                short_ns,
                bulk_ns,
                short_byte_ps,
                byte_ps,
                max_write,
            }
        )
        .boxed(),
    ]
}

/// The pixels in these rectangles, one by one.
fn grid(rects: &[Rect]) -> Vec<bool> {
    let mut grid = vec![false; PANEL.pixels()];
    for rect in rects {
        assert!(rect.fits(PANEL), "{rect:?}");
        for y in rect.y..rect.bottom() {
            let start = usize::from(y) * 240 + usize::from(rect.x);
            grid[start..start + usize::from(rect.width)].fill(true);
        }
    }
    grid
}

fn price(meter: &Meter, latched: Latched, rects: &[Rect]) -> Price {
    meter.windows(latched, rects, u64::MAX, usize::MAX).unwrap()
}

/// Covers all damage, for no more than a whole frame would cost.
fn check(planner: &mut Planner, damage: &[Rect], cost: WireCost, latched: Latched) {
    let mut marks = Marks::default();
    damage.iter().for_each(|rect| marks.add(*rect));
    let meter = Meter::new(cost);
    let full = price(&meter, latched, &[PANEL.rect()]);
    let must = grid(damage);
    let each = Cut::ALL.iter().map(std::slice::from_ref);
    for cuts in each.map(Some).chain([None]) {
        let plan = match cuts {
            Some(cuts) => planner.plan_by(cuts, &marks, &meter, latched),
            None => planner.plan(&marks, &meter, latched),
        };
        let sent = grid(plan);
        assert!(must.iter().zip(&sent).all(|(must, sent)| *sent || !must));
        let price = price(&meter, latched, plan);
        assert!(price.nanos <= full.nanos, "{price:?} for {full:?}");
        assert!(price.bytes * 1000 <= PANEL.bytes() * 1001, "{price:?}");
        assert_eq!(plan.is_empty(), damage.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_plan_covers_the_damage_and_costs_no_more_than_a_frame(
        damage in prop_oneof![prop::collection::vec(rect(), 0..12), prop::collection::vec(rect(), 0..300)],
        cost in cost(),
        window in prop::option::of(rect()),
    ) {
        let mut latched = Latched::default();
        window.into_iter().for_each(|rect| {
            latched.open(rect);
        });
        check(&mut Planner::default(), &damage, cost, latched);
    }
}

#[test]
fn patterns_that_are_hard_to_cut_are_cut_all_the_same() {
    let mut planner = Planner::default();
    for step in [1u16, 2, 5, 7, 16, 61] {
        let dots = (0..320u16).flat_map(|y| (0..240u16).map(move |x| (x, y)));
        let dots = dots.filter(|(x, y)| (x + y * 3) % step == 0);
        let dots = dots.map(|(x, y)| Rect {
            x,
            y,
            width: 1,
            height: 1,
        });
        let damage: Vec<Rect> = dots.collect();
        for cost in [
            WireCost::spidev(40_000_000),
            WireCost::registers(62_500_000),
        ] {
            check(&mut planner, &damage, cost, Latched::default());
        }
    }
}

#[test]
fn two_things_far_apart_are_two_windows_however_they_lie() {
    let meter = Meter::new(WireCost::spidev(40_000_000));
    let thing = |x, y| Rect {
        x,
        y,
        width: 20,
        height: 30,
    };
    for (one, other) in [((0, 0), (200, 0)), ((0, 0), (0, 200)), ((3, 5), (210, 250))] {
        let mut marks = Marks::default();
        let mut things = [thing(one.0, one.1), thing(other.0, other.1)];
        things.iter().for_each(|rect| marks.add(*rect));
        let mut planner = Planner::default();
        let mut plan = planner.plan(&marks, &meter, Latched::default()).to_vec();
        let key = |rect: &Rect| (rect.y, rect.x);
        plan.sort_unstable_by_key(key);
        things.sort_unstable_by_key(key);
        assert_eq!(plan, things);
    }
}

#[test]
fn nothing_is_allocated_however_the_damage_lies() {
    let mut planner = Planner::default();
    let sizes = |planner: &Planner| {
        (
            planner.best.capacity() + planner.trial.capacity(),
            planner.spans.capacity(),
            planner.bands.capacity(),
        )
    };
    let before = sizes(&planner);
    for step in 1..40u16 {
        let mut marks = Marks::default();
        for y in 0..320u16 {
            (y * 7 % step..240).step_by(step.into()).for_each(|x| {
                marks.add(Rect {
                    x,
                    y,
                    width: 1 + y % 3,
                    height: 1,
                })
            });
        }
        for cost in [
            WireCost::spidev(40_000_000),
            WireCost::registers(62_500_000),
            WireCost::registers(u32::MAX),
        ] {
            planner.plan(&marks, &Meter::new(cost), Latched::default());
        }
    }
    assert_eq!(sizes(&planner), before);
}
