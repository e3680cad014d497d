//! What no conversation reaches: the end of the numbers.

use super::*;

/// The same in Python: `crates/checks/tests/zchat/session.rs`.
#[test]
fn after_the_last_number_the_session_ends() {
    let (now, peer) = (Duration::ZERO, ([10, 0, 0, 1], 3502).into());
    let mut session = Session::new(vec![peer], now);
    session.up(now, peer, &Frame::new(Kind::Text, (7, 8), 1));
    let State::Up(up) = &mut session.state else { panic!("nobody is there") };
    up.window.sent = u32::MAX - 1;
    session.say(b"last");
    session.say(b"one more");
    session.actions();
    session.tick(now);
    let [Action::Send(_, data)] = &session.actions()[..] else {
        panic!("the last number is sent once");
    };
    assert_eq!(Frame::unpack(data).unwrap().seq, u32::MAX);
    let ack = Frame::new(Kind::Ack, (7, 8), u32::MAX);
    session.receive(now, peer, &ack.pack());
    session.tick(now);
    let expected = [
        Action::Note("no numbers are left in this session".to_string()),
        Action::Note("not sent: one more".to_string()),
        Action::End(Some("0 not confirmed, 1 not sent".to_string())),
    ];
    assert_eq!(session.actions(), expected);
}
