//! Through the bad link. These tests wait longest, and tests start in the order
//! of their names: so the others run meanwhile.

mod zchat;
