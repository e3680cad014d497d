//! Random numbers that are the same each time.

/// Knuth's generator (MMIX): the same numbers for the same seed, which may be
/// any.
pub struct Random(pub u64);

impl Random {
    /// 32 random bits.
    pub fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6364136223846793005);
        self.0 = self.0.wrapping_add(1442695040888963407);
        (self.0 >> 32) as u32
    }

    /// From 0 to n - 1; n is 1 or more.
    pub fn below(&mut self, n: usize) -> usize {
        self.bits() as usize % n
    }

    /// 0 to n - 1 random bytes.
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        let n = self.below(n);
        self.exactly(n)
    }

    /// n random bytes.
    pub fn exactly(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| (self.bits() >> 8) as u8).collect()
    }

    /// From 0 to 1.
    pub fn fraction(&mut self) -> f64 {
        f64::from(self.bits()) / (1u64 << 32) as f64
    }

    /// True for this share (0 to 1) of the calls.
    pub fn happens(&mut self, share: f64) -> bool {
        self.fraction() < share
    }
}
