//! Times of stages from the buckets in which they were counted.

use inlet_engine::tally::bucket_begin_us;

/// The counts of one stage by bucket, in the order of the buckets.
#[derive(Debug, Default)]
pub struct Buckets(Vec<(usize, u64)>);

impl Buckets {
    /// Adds the next bucket.
    pub fn add(&mut self, bucket: usize, count: u64) {
        self.0.push((bucket, count));
    }

    /// Returns the number of times.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Returns the time that so many of a hundred took at most, in microseconds: as if the times of a bucket were spread
    /// evenly over it.
    pub fn percentile_us(&self, percent: u64) -> u64 {
        let wanted = (self.count() * percent).div_ceil(100).max(1);
        let mut passed = 0;
        for (bucket, count) in &self.0 {
            if passed + count >= wanted {
                let (begin, end) = (bucket_begin_us(*bucket), bucket_begin_us(bucket + 1));
                return begin + (end - begin) * (wanted - passed) / count;
            }
            passed += count;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_lies_in_its_bucket() {
        let mut buckets = Buckets::default();
        assert_eq!(buckets.percentile_us(95), 0);
        buckets.add(12, 90);
        buckets.add(20, 10);
        assert_eq!(buckets.count(), 100);
        assert!((64..=96).contains(&buckets.percentile_us(50)));
        assert!((1024..=1536).contains(&buckets.percentile_us(95)));
        assert_eq!(buckets.percentile_us(100), 1536);
    }
}
