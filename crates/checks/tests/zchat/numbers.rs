//! The end of the numbers, which no conversation reaches: Python's window and
//! session there. (Rust's have their tests in the crate: `zchat/src/tests.rs`,
//! `zchat/src/session/tests.rs`.)

use checks::{python, root};
use testbed::output;

const SCRIPT: &str = r#"
from frame import Frame, Kind
from session import Action, Session
from window import Window

LAST = 2**32 - 1
window = Window(16, 0.0)
window.read = LAST - 2
assert window.is_new(LAST) and not window.is_too_early(LAST)
assert window.arrived(LAST, b"last") == []
both = window.arrived(LAST - 1, b"last but one")
assert both == [b"last but one", b"last"], both
for seq in 0, 1, 15, LAST - 1, LAST:
    assert not window.is_new(seq), seq

peer = "10.0.0.1", 3502
session = Session([peer], 0.0)
session._up(0.0, peer, Frame.new(Kind.TEXT, (7, 8), 1))
session._state.window.sent = LAST - 1
session.say(b"last")
session.say(b"one more")
session.actions()
session.tick(0.0)
[(_, _, data)] = session.actions()
assert Frame.unpack(data).seq == LAST
session.receive(0.0, peer, Frame.new(Kind.ACK, (7, 8), LAST).pack())
session.tick(0.0)
expected = [
    (Action.NOTE, "no numbers are left in this session"),
    (Action.NOTE, "not sent: one more"),
    (Action.END, "0 not confirmed, 1 not sent"),
]
assert session.actions() == expected
"#;

#[test]
fn after_the_last_number_python_has_none() {
    let mut command = python();
    command.args(["-c", SCRIPT]);
    command.env("PYTHONPATH", root().join("crates/zchat/python"));
    let ended = output(&mut command).unwrap();
    assert!(ended.status.success(), "{ended:?}");
}
