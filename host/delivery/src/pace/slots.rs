//! The slots of a target: how many of its requests are under way at once, with some reserved for deliveries that were never
//! tried and some for those that failed for long, so that neither waits for the others.

use inlet_core::delivery::DeliveryClass;

/// The slots of a target.
#[derive(Debug, Clone)]
pub struct Slots {
    capacity: u32,
    reserved_first: u32,
    reserved_late: u32,
    first: u32,
    retry: u32,
    late: u32,
}

impl Slots {
    /// Makes free slots. Of four and more, a quarter is reserved for first attempts and an eighth for late ones.
    pub fn new(capacity: u32) -> Self {
        let capacity = capacity.max(1);
        let (reserved_first, reserved_late) = match capacity {
            1 => (0, 0),
            2 | 3 => (1, 0),
            _ => (capacity / 4, (capacity / 8).max(1)),
        };
        Self { capacity, reserved_first, reserved_late, first: 0, retry: 0, late: 0 }
    }

    /// Returns the most requests under way at once.
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Counts what is under way in other slots as its own.
    pub fn take_over(&mut self, other: &Self) {
        (self.first, self.retry, self.late) = (other.first, other.retry, other.late);
    }

    /// Returns the number of requests under way.
    pub fn under_way(&self) -> u32 {
        self.first + self.retry + self.late
    }

    /// Takes a slot for a delivery of the class; returns false if none is free for it.
    pub fn take(&mut self, class: DeliveryClass) -> bool {
        let after = |is: DeliveryClass| u32::from(is == class);
        let (first, retry, late) = (
            self.first + after(DeliveryClass::First),
            self.retry + after(DeliveryClass::Retry),
            self.late + after(DeliveryClass::Late),
        );
        let fits = first + retry + late <= self.capacity
            && retry + late <= self.capacity - self.reserved_first
            && first + retry <= self.capacity - self.reserved_late
            && retry <= self.capacity - self.reserved_first - self.reserved_late;
        if fits {
            (self.first, self.retry, self.late) = (first, retry, late);
        }
        fits
    }

    /// Gives a slot back.
    pub fn give_back(&mut self, class: DeliveryClass) {
        let taken = match class {
            DeliveryClass::First => &mut self.first,
            DeliveryClass::Retry => &mut self.retry,
            DeliveryClass::Late => &mut self.late,
        };
        *taken = taken.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(slots: &mut Slots, class: DeliveryClass) -> u32 {
        (0..1000).take_while(|_| slots.take(class)).count() as u32
    }

    #[test]
    fn each_class_leaves_the_reserved_slots_of_the_others() {
        let alone = |capacity, class| count(&mut Slots::new(capacity), class);
        for (capacity, first, retry, late) in [(1, 1, 1, 1), (2, 2, 1, 1), (3, 3, 2, 2), (4, 3, 2, 3), (16, 14, 10, 12)]
        {
            let found = DeliveryClass::ALL.map(|class| alone(capacity, class));
            assert_eq!(found, [first, retry, late], "{capacity}");
        }
    }

    proptest! {
        /// Whatever is under way, the slots are never exceeded, a class below its reservation always gets a slot, and all
        /// slots can be used.
        #[test]
        fn reservations_hold(capacity in 1_u32..300, steps in prop::collection::vec((0_usize..3, any::<bool>()), 0..600)) {
            let mut slots = Slots::new(capacity);
            let mut taken = [0_u32; 3];
            for (index, takes) in steps {
                let class = DeliveryClass::ALL[index];
                if !takes {
                    if taken[index] > 0 {
                        slots.give_back(class);
                        taken[index] -= 1;
                    }
                } else if slots.take(class) {
                    taken[index] += 1;
                }
                let [first, _, late] = taken;
                prop_assert_eq!(slots.under_way(), taken.iter().sum::<u32>());
                prop_assert!(slots.under_way() <= capacity);
                if first < slots.reserved_first {
                    prop_assert!(slots.clone().take(DeliveryClass::First));
                }
                if late < slots.reserved_late {
                    prop_assert!(slots.clone().take(DeliveryClass::Late));
                }
            }
            for class in DeliveryClass::ALL {
                count(&mut slots, class);
            }
            prop_assert_eq!(slots.under_way(), capacity);
        }
    }
}
