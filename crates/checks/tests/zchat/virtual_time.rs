//! What a session does at which time, in virtual time and in both languages:
//! with a peer that does what a test says, and over a simulated network.

use std::net::SocketAddr;
use std::time::Duration;

use badlink::Shares;
use checks::Language;
use checks::zchat::{ACK, BYE, Frame, HELLO, TEXT};

use super::session::Script;
use super::world::{Deed, World, ms, port, secs};
use super::{ME, Role};

in_both_languages! {
    it_calls_at_0_1_3_5_seconds_and_gives_up_at_30
    it_sends_again_after_two_tenths_of_a_second_then_twice_as_long
    a_path_that_is_dead_is_reported_after_30_seconds
    an_idle_peer_is_asked_after_15_seconds
    an_idle_hour_is_cheap_and_harmless
    a_silent_peer_is_asked_after_2_seconds_while_others_call
    a_busy_line_is_told_and_called_again
    a_dead_peer_s_seat_is_free_after_34_seconds
    a_client_that_was_killed_and_started_again_is_in_within_3_seconds
    a_neighbour_does_not_throw_out_a_peer_that_answers
    what_was_said_while_the_path_was_dead_arrives_once_afterwards
    on_a_one_way_path_nobody_believes_in_a_session
    a_server_that_restarts_has_lost_what_it_had_not_confirmed
    a_bye_that_is_never_answered
    a_bye_confirms_what_its_sender_has_read
    both_leave_at_once
    both_dial_each_other
    a_ring_of_three_callers_only_calls
    a_frame_with_one_wrong_id_or_from_the_future_is_not_shown
    a_stranger_learns_no_id_and_no_right_guess
    forged_calls_do_not_keep_a_caller_out
    an_old_text_1_begins_no_session
    only_what_is_new_moves_a_peer
    a_caller_is_told_whom_it_calls_and_for_how_long
    a_message_that_is_not_confirmed_is_told_once
    what_is_said_after_leaving_is_reported
    what_came_before_its_turn_is_shown_in_its_turn
    an_ack_says_up_to_where_everything_was_shown
    three_later_acks_send_a_missing_frame_again_at_once
    two_silent_round_trips_send_the_oldest_again
    a_window_that_is_lost_is_sent_again_and_halved
    a_window_is_faster_than_stop_and_wait
    two_chats_share_a_narrow_link
}

/// An address on another machine than the peer's.
fn far() -> SocketAddr {
    port(65_001)
}

const ROLES: [Role; 2] = [Role::Server, Role::Client];

/// When it is asked what became of the oldest frame, in ms: after two round
/// trips or 2 ms, then each time after twice as long, before its timer.
const PROBES: [u128; 6] = [2, 6, 14, 30, 62, 126];

fn times(sent: &[(u128, Frame)]) -> Vec<u128> {
    sent.iter().map(|(at, _)| *at).collect()
}

fn it_calls_at_0_1_3_5_seconds_and_gives_up_at_30(language: Language) {
    let mut s = Script::new(language, Role::Client);
    let all = s.wait(secs(31));
    let odd: Vec<_> = (0..15).map(|i| 1000 + 2000 * i).collect();
    assert_eq!(times(&all), [&[0], &odd[..]].concat());
    assert_eq!(s.side.deadline(), None);
    assert_eq!(s.end, Some(Some("nobody answers".to_string())));
}

fn it_sends_again_after_two_tenths_of_a_second_then_twice_as_long(
    language: Language,
) {
    for role in ROLES {
        let mut s = Script::up_within(language, role, 1);
        s.say(b"nobody answers");
        let all = s.wait(secs(40));
        let at = times(&all);
        assert_eq!(at[..7], [0, 200, 600, 1400, 3000, 5000, 7000], "{role:?}");
        assert_eq!(at.last(), Some(&29_000), "{role:?}");
        for (tried, (_, frame)) in all.iter().enumerate() {
            assert_eq!(usize::from(frame.tried), tried);
            assert_eq!(frame.message(), b"nobody answers");
        }
        assert!(s.shown.is_empty());
    }
}

fn a_path_that_is_dead_is_reported_after_30_seconds(language: Language) {
    for role in ROLES {
        let mut s = Script::up_within(language, role, 1);
        for text in ["one", "two", "three\u{1b}\n4"] {
            s.say(text.as_bytes());
        }
        s.wait(ms(29_900));
        let lost = ["not confirmed: ", "not sent: "];
        let lost = |note: &&String| lost.iter().any(|l| note.starts_with(l));
        assert_eq!(s.notes.iter().find(lost), None, "{role:?}");
        s.wait(ms(200));
        let told = s.notes.iter().filter(lost);
        let lost =
            ["not confirmed: one", "not sent: two", "not sent: three? ..."];
        assert_eq!(told.collect::<Vec<_>>(), lost, "{role:?}");
        if role == Role::Client {
            let why = "1 not confirmed, 2 not sent".to_string();
            assert_eq!(s.end, Some(Some(why)));
            continue;
        }
        // The seat is free again.
        assert_eq!(s.end, None);
        let before = s.him;
        s.call(ME + 1);
        assert_ne!(s.him, before);
        let next = Frame { src: ME + 1, ..s.frame(TEXT, 0, 2, b"next") };
        s.give_from(port(0), &next);
        assert_eq!(s.shown, [b"next"]);
    }
}

fn an_idle_peer_is_asked_after_15_seconds(language: Language) {
    for role in ROLES {
        let mut s = Script::up(language, role);
        s.peer_says(b"before");
        for _ in 0..2 {
            assert_eq!(s.wait(ms(14_999)), []);
            let asked = s.wait(ms(2));
            assert_eq!(times(&asked), [1], "{role:?}");
            s.sent = asked.into_iter().map(|(_, f)| (s.now, f)).collect();
            s.confirm(b"");
        }
        s.peer_says(b"after");
        s.say(b"me too");
        s.confirm(b"me too");
    }
}

/// Two perfect sides, connected: the server is 0, the client 1.
fn connected(language: Language) -> World {
    let mut w = World::new(1, [language; 2]);
    w.add(vec![], Shares::default());
    w.add(vec![port(0)], Shares::default());
    w.run_until(secs(1));
    assert_eq!(w.notes["connected"], 2);
    w
}

fn an_idle_hour_is_cheap_and_harmless(language: Language) {
    let mut w = connected(language);
    let before = w.air.sent;
    w.run_until(secs(3600));
    // A question and its answer each 15 seconds, now from one, now from both.
    let sent = w.air.sent - before;
    assert!((2 * 200..=4 * 240).contains(&sent), "{sent} datagrams");
    w.plan(0, secs(3600), Deed::Say(0));
    w.plan(1, secs(3600), Deed::Say(0));
    w.plan(1, secs(3601), Deed::Leave);
    w.plan(0, secs(3602), Deed::Leave);
    w.run();
    w.check();
    assert!(w.messages.values().all(|m| m.shown == 1));
}

fn a_silent_peer_is_asked_after_2_seconds_while_others_call(
    language: Language,
) {
    let mut s = Script::up(language, Role::Server);
    let hello = Frame { src: 7, dst: 0, ..s.frame(HELLO, 0, 0, b"") };
    s.give_from(far(), &hello);
    let busy = s.one();
    assert_eq!((busy.kind, busy.dst, busy.seq), (BYE, 7, 0));
    assert_eq!(busy.pack().len(), 20);
    // A stranger who goes on as if he had been let in:
    for (dst, seq) in [(busy.src, 1), (busy.src, 2), (s.him, s.next)] {
        let text = s.frame(TEXT, 0, seq, b"let me in");
        s.give_from(far(), &Frame { src: 7, dst, ..text });
    }
    s.sent.clear();
    s.peer_says(b"it is me");
    // A peer that has been silent is asked whether it is still there.
    for _ in 0..19 {
        s.wait(ms(100));
        s.give_from(far(), &hello);
        assert_eq!(s.one().kind, BYE);
    }
    s.wait(ms(100));
    s.give_from(far(), &hello);
    assert_eq!(s.sent.remove(0).1.kind, BYE);
    s.confirm(b"");
    s.peer_says(b"here I am");

    let mut s = Script::up(language, Role::Client);
    s.give_from(far(), &hello);
    let answers: Vec<_> = s.sent.drain(..).map(|(_, f)| f.kind).collect();
    assert!(answers.is_empty() || answers == [BYE], "{answers:?}");
    s.peer_says(b"it is me");
}

fn a_busy_line_is_told_and_called_again(language: Language) {
    let mut w = connected(language);
    w.add(vec![port(0)], Shares::default());
    w.plan(2, w.air.now, Deed::Say(0));
    w.run_until(secs(10));
    assert_eq!(w.notes["the line is busy; calling again"], 1);
    w.plan(1, w.air.now, Deed::Leave);
    w.run_until(secs(20));
    assert_eq!(w.notes["connected"], 4);
    assert!(w.messages.values().all(|m| m.shown == 1), "{:?}", w.messages);
    assert_eq!(w.messages.len(), 1);
}

fn a_dead_peer_s_seat_is_free_after_34_seconds(language: Language) {
    let mut w = connected(language);
    w.nodes[1].ended = true; // Killed: it says nothing.
    w.add(vec![port(0)], Shares::default());
    w.nodes[2].address = far();
    w.plan(2, w.air.now, Deed::Say(0));
    w.run_until(w.air.now + secs(30));
    assert_eq!(w.notes["connected"], 2);
    assert_eq!(w.notes["the line is busy; calling again"], 1);
    w.run_until(w.air.now + secs(6));
    assert_eq!(w.notes["connected"], 4);
    assert!(w.messages.values().all(|m| m.shown == 1), "{:?}", w.messages);
}

fn a_client_that_was_killed_and_started_again_is_in_within_3_seconds(
    language: Language,
) {
    // It had just spoken, or long ago; or a message was on its way to it.
    for (silent, said) in [(0, false), (9, false), (0, true)] {
        let mut w = connected(language);
        w.run_until(w.air.now + secs(silent));
        w.nodes[1].ended = true;
        if said {
            w.plan(0, w.air.now, Deed::Say(0));
            w.run_until(w.air.now + ms(100));
        }
        let begun = w.air.now;
        w.add(vec![port(0)], Shares::default());
        w.plan(2, begun, Deed::Say(0));
        w.run_until(begun + ms(3100));
        assert_eq!(w.notes["connected"], 4, "{:?}", w.notes);
        assert_eq!(w.notes["the line is busy; calling again"], 1);
        let shown = w.messages.values().filter(|m| m.shown == 1).count();
        assert_eq!(shown, 1, "{:?}", w.messages);
    }
}

fn a_neighbour_does_not_throw_out_a_peer_that_answers(language: Language) {
    let bad = Shares { lose: 0.2, corrupt: 0.05, ..Shares::default() };
    let mut w = World::new(1, [language; 2]);
    w.add(vec![], bad);
    w.add(vec![port(0)], bad);
    w.run_until(secs(5));
    for _ in 0..10 {
        let i = w.add(vec![port(0)], Shares::default());
        w.run_until(w.air.now + secs(61));
        assert!(w.nodes[i].ended);
    }
    assert_eq!(w.notes["connected"], 2, "{:?}", w.notes);
    assert!(!w.nodes[1].ended);
}

fn what_was_said_while_the_path_was_dead_arrives_once_afterwards(
    language: Language,
) {
    let mut w = connected(language);
    w.outages.push((secs(3), secs(23)));
    for (number, at) in [(0, 2), (1, 4), (2, 25)] {
        w.plan(0, secs(at), Deed::Say(number));
        w.plan(1, secs(at), Deed::Say(number));
    }
    w.plan(1, secs(40), Deed::NoMore);
    w.plan(0, secs(50), Deed::Leave);
    w.run();
    w.check();
    assert!(w.messages.values().all(|m| m.shown == 1), "{:?}", w.messages);
    assert_eq!((w.messages.len(), w.notes.get("not confirmed")), (6, None));
}

fn on_a_one_way_path_nobody_believes_in_a_session(language: Language) {
    let mut w = World::new(1, [language; 2]);
    w.add(vec![], Shares { lose: 1.0, ..Shares::default() });
    w.add(vec![port(0)], Shares::default());
    w.plan(1, ms(1), Deed::Say(0));
    w.run_until(secs(40));
    w.check();
    assert!(w.nodes[1].ended && !w.nodes[0].ended);
    let (answers, calls) = (w.nodes[0].sends, w.nodes[1].sends);
    assert_eq!(calls, 16);
    assert!(answers <= calls, "{answers} answers to {calls}");
    assert!(!w.notes.contains_key("connected"), "{:?}", w.notes);
    assert_eq!(w.notes["not sent"], 1);
    assert!(w.messages.values().all(|m| m.shown == 0));
}

fn a_server_that_restarts_has_lost_what_it_had_not_confirmed(
    language: Language,
) {
    let mut w = connected(language);
    w.plan(1, secs(2), Deed::Say(0));
    w.plan(0, secs(3), Deed::Restart(false));
    w.plan(1, secs(4), Deed::Say(1));
    w.run_until(secs(24)); // 30 s are for silence.
    w.check();
    assert!(w.nodes[1].ended, "{:?}", w.notes);
    assert_eq!(w.notes["not confirmed"], 1);
    let mut fates: Vec<_> = w.messages.values().map(|m| m.shown).collect();
    fates.sort();
    assert_eq!(fates, [0, 1], "{:?}", w.messages);
    // The server has not taken part in a conversation that it did not know.
    assert_eq!(w.notes["connected"], 2);
    w.add(vec![port(0)], Shares::default());
    w.plan(2, w.air.now, Deed::Say(0));
    w.run_until(w.air.now + secs(5));
    assert_eq!(w.notes["connected"], 4);
}

fn a_bye_that_is_never_answered(language: Language) {
    for role in ROLES {
        let mut s = Script::up(language, role);
        s.peer_says(b"hola");
        s.say(b"my last words");
        s.confirm(b"my last words");
        match role {
            Role::Server => s.side.leave(),
            Role::Client => s.side.no_more(),
        }
        let byes = s.wait(ms(1900));
        assert!(byes.len() >= 2, "{byes:?}");
        let read = (s.next - 1).to_be_bytes();
        for (tried, (_, bye)) in byes.iter().enumerate() {
            assert_eq!((bye.kind, bye.seq), (BYE, s.expect), "{bye:?}");
            assert_eq!(usize::from(bye.tried), tried);
            assert_eq!(bye.payload, read, "{role:?}");
        }
        assert_eq!(s.end, None);
        s.wait(ms(200));
        assert_eq!(s.end, Some(None), "{role:?}");
        assert!(
            !s.told("not confirmed") && !s.told("not sent"),
            "{:?}",
            s.notes
        );
    }
}

fn a_bye_confirms_what_its_sender_has_read(language: Language) {
    for (role, arrived) in ROLES.map(|r| [(r, true), (r, false)]).concat() {
        let mut s = Script::up(language, role);
        s.say(b"my last words");
        let last = s.one();
        assert_eq!(last.message(), b"my last words");
        // No acknowledgement: it is lost. BYE says it again.
        let read = last.seq - u32::from(!arrived);
        s.give(BYE, 0, s.next, &read.to_be_bytes());
        assert!(s.told("the peer left"), "{:?}", s.notes);
        assert_eq!(s.told("not confirmed: my last words"), !arrived);
        let why = (!arrived).then(|| "1 not confirmed, 0 not sent".to_string());
        let end = (role == Role::Client).then_some(why);
        assert_eq!(s.end, end, "{role:?}");
    }
}

/// With a peer that says BYE instead of acknowledging BYE.
fn both_leave_at_once(language: Language) {
    for role in ROLES {
        let mut s = Script::up(language, role);
        s.side.leave();
        s.tick();
        assert_eq!(s.one().kind, BYE);
        s.give(BYE, 0, s.next, &(s.expect - 1).to_be_bytes());
        let ack = s.one();
        assert_eq!((ack.kind, ack.seq), (ACK, s.next));
        assert_eq!(s.end, Some(None), "{role:?}");
        assert!(
            !s.told("not confirmed") && !s.told("not sent"),
            "{:?}",
            s.notes
        );
    }
}

fn both_dial_each_other(language: Language) {
    let mut w = World::new(1, [language; 2]);
    w.add(vec![port(1)], Shares::default());
    w.add(vec![port(0)], Shares::default());
    for (number, at) in [(0, 0), (1, 5)] {
        w.plan(0, secs(at), Deed::Say(number));
        w.plan(1, secs(at), Deed::Say(number));
    }
    w.plan(0, secs(10), Deed::NoMore);
    w.plan(1, secs(11), Deed::NoMore);
    w.run();
    w.check();
    assert_eq!((w.notes["connected"], w.messages.len()), (2, 4));
    assert!(w.messages.values().all(|m| m.shown == 1), "{:?}", w.messages);
    assert!(w.air.now < secs(20), "{:?}", w.air.now);
}

fn a_ring_of_three_callers_only_calls(language: Language) {
    let mut w = World::new(1, [language; 2]);
    for i in 0..3 {
        w.add(vec![port((i + 1) % 3)], Shares::default());
    }
    w.run_until(secs(20));
    let called = |sends: usize| sends >= 4;
    assert!(w.nodes.iter().all(|node| called(node.sends) && !node.ended));
    assert!(!w.notes.contains_key("connected"), "{:?}", w.notes);
}

fn a_frame_with_one_wrong_id_or_from_the_future_is_not_shown(
    language: Language,
) {
    let mut s = Script::up(language, Role::Server);
    let (src, dst) = (ME, s.him);
    for (src, dst, seq, shown) in [
        (src, dst ^ 1, 2, 0),
        (src ^ 1, dst, 2, 0),
        (dst, src, 2, 0),
        (src, dst, 0, 0),
        (src, dst, 3, 0),
        (src, dst, 1 << 31, 0),
        (src, dst, u32::MAX, 0),
        (src, dst, 2, 2), // And 3, which came before its turn.
        (src, dst, 2, 0),
        (src, dst, 3, 0),
    ] {
        let frame = s.frame(TEXT, 0, seq, b"hola");
        let frame = Frame { src, dst, ..frame };
        s.give_from(port(0), &frame);
        assert_eq!(s.shown.drain(..).count(), shown, "{frame:?}");
    }
}

/// Whatever a stranger asks, the answer is the same whether it has guessed one
/// of the ids or none, and no answer holds the server's id.
fn a_stranger_learns_no_id_and_no_right_guess(language: Language) {
    let mut s = Script::up(language, Role::Server);
    let him = s.him;
    for src in [ME, 7, him] {
        let hello = Frame { src, dst: 0, ..s.frame(HELLO, 0, 0, b"") };
        s.give_from(far(), &hello);
        let busy = s.sent.remove(0).1;
        assert_eq!((busy.kind, busy.dst, busy.seq), (BYE, src, 0));
        assert_ne!(busy.src, him);
        s.sent.clear(); // The peer may be asked whether it is there.
    }
    for (src, dst) in [(ME, 9), (7, him), (7, 9), (him, ME)] {
        for (kind, seq) in [(TEXT, 1), (TEXT, 2), (TEXT, 9), (BYE, 2)] {
            let frame = s.frame(kind, 0, seq, b"forged");
            s.give_from(far(), &Frame { src, dst, ..frame });
            let bye = s.one();
            let fields = (bye.kind, bye.seq, bye.src, bye.dst);
            assert_eq!(fields, (BYE, 0, dst, src), "{kind} #{seq}");
        }
        for kind in [HELLO, ACK] {
            let frame = s.frame(kind, 0, 2, b"");
            s.give_from(far(), &Frame { src, dst, ..frame });
            assert_eq!(s.sent, []);
        }
    }
    assert!(s.shown.is_empty());

    // While it calls, a client is nobody's but the one's it calls.
    let mut s = Script::new(language, Role::Client);
    s.tick();
    s.him = s.one().src;
    let before = s.notes.len();
    for frame in [
        Frame { src: s.him, dst: 0, ..s.frame(HELLO, 0, 0, b"") },
        Frame { src: 7, dst: 0, ..s.frame(HELLO, 0, 0, b"") },
        s.frame(BYE, 0, 0, b""),
    ] {
        s.give_from(far(), &frame);
        assert_eq!((s.sent.len(), s.notes.len()), (0, before), "{frame:?}");
        assert_eq!(s.end, None);
    }
}

fn forged_calls_do_not_keep_a_caller_out(language: Language) {
    let mut s = Script::new(language, Role::Server);
    let hello = Frame { dst: 0, ..s.frame(HELLO, 0, 0, b"") };
    s.give_from(port(0), &hello);
    s.him = s.one().src;
    for i in 0..2000 {
        let from = if i % 2 == 0 { port(0) } else { port(i) };
        s.give_from(from, &Frame { src: 1000 + i as u32, ..hello.clone() });
        assert_eq!(s.one().kind, HELLO);
    }
    // The id that one caller was given is good for no other.
    for (from, src) in [(port(1), ME), (far(), ME), (port(0), ME + 1)] {
        let up = Frame { src, ..s.frame(TEXT, 0, 1, b"") };
        s.give_from(from, &up);
        assert_eq!(s.one().kind, BYE);
    }
    s.give(TEXT, 0, 1, b"");
    assert_eq!(s.one().kind, ACK);
    assert!(s.told("connected to"));
}

fn an_old_text_1_begins_no_session(language: Language) {
    let mut s = Script::up(language, Role::Server);
    let old = s.frame(TEXT, 0, 1, b"");
    s.give(BYE, 0, s.next, &1_u32.to_be_bytes());
    assert!(s.told("waiting for the next caller"));
    s.sent.clear();
    s.give_from(port(0), &old);
    assert_eq!(s.one().kind, BYE);
    // Nor one of a session that another caller has prevented.
    let hello = Frame { src: 7, dst: 0, ..s.frame(HELLO, 0, 0, b"") };
    s.give_from(far(), &hello);
    let mine = s.one().src;
    s.call(ME);
    let late = Frame { src: 7, dst: mine, ..s.frame(TEXT, 0, 1, b"") };
    s.give_from(far(), &late);
    assert_eq!(s.one().kind, BYE);
    let connected = |n: &&String| n.starts_with("connected");
    assert_eq!(s.notes.iter().filter(connected).count(), 2);
}

fn only_what_is_new_moves_a_peer(language: Language) {
    for role in ROLES {
        let mut s = Script::up(language, role);
        let (old, next) = (s.frame(TEXT, 0, s.next, b"two"), s.next + 1);
        s.peer_says(b"two");
        s.give_from(far(), &s.frame(TEXT, 0, next, b"three"));
        assert_eq!(s.one().kind, ACK);
        s.say(b"to the new address");
        let text = s.one();
        assert_eq!(s.to, Some(far()), "{role:?}");
        // Late copies from the old address, and a late acknowledgement; one
        // that is not sound, and one from the future.
        for frame in [
            old,
            s.frame(ACK, 0, text.seq - 1, b""),
            s.frame(ACK, 0, text.seq + 1, b""),
            s.frame(TEXT, 0, next + 1, &[b'x'; 1100]),
            s.frame(TEXT, 0, next + 20, b"from the future"),
        ] {
            s.give_from(port(0), &frame);
        }
        s.sent.clear();
        assert_eq!(times(&s.wait(ms(250))), PROBES);
        assert_eq!(s.to, Some(far()), "{role:?}");
        // Even the right acknowledgement: it may be a copy of what somebody
        // on the path has seen.
        s.give_from(port(0), &s.frame(ACK, 0, text.seq, b""));
        s.say(b"still there");
        s.one();
        assert_eq!(s.to, Some(far()), "{role:?}");
    }
}

fn a_caller_is_told_whom_it_calls_and_for_how_long(language: Language) {
    let mut s = Script::new(language, Role::Client);
    let mut told = Vec::new();
    s.wait(ms(50)); // Not on the very second.
    for tenth in 0..300 {
        s.wait(ms(100));
        told.extend(s.notes.drain(..).map(|note| (tenth / 10, note)));
    }
    let words =
        |at, left| (at, format!("calling 10.0.0.1:1000 for {left} s more"));
    assert_eq!(told, [words(1, 28), words(11, 18), words(21, 8)]);

    // A busy line is called for longer.
    let mut s = Script::new(language, Role::Client);
    s.tick();
    s.him = s.one().src;
    s.give(BYE, 0, 0, b"");
    s.wait(secs(3));
    let told = ["the line is busy; calling again", &words(0, 58).1];
    assert_eq!(s.notes, told);
}

fn a_message_that_is_not_confirmed_is_told_once(language: Language) {
    for role in ROLES {
        let mut s = Script::up_within(language, role, 1);
        s.notes.clear();
        s.say(b"one");
        s.say(b"two");
        s.wait(ms(2900));
        assert!(s.notes.is_empty(), "{:?}", s.notes);
        s.wait(secs(20));
        assert_eq!(s.notes, ["not confirmed yet: one, trying again"]);
        s.give(ACK, 0, s.expect, b"");
        assert_eq!(s.notes.pop().as_deref(), Some("the peer answers again"));
        s.sent.clear();
        s.give(ACK, 0, s.expect + 1, b"");
        assert_eq!(s.notes.len(), 1, "{:?}", s.notes);

        // A peer that is gone is told, too, where nothing was said.
        let mut s = Script::up(language, role);
        s.notes.clear();
        s.wait(ms(18_100));
        assert_eq!(s.notes, ["no answer, trying again"], "{role:?}");
    }
}

fn what_is_said_after_leaving_is_reported(language: Language) {
    let mut s = Script::up(language, Role::Client);
    s.say(b"in time");
    s.side.leave();
    s.say("too\u{202e}late\u{200f}".as_bytes());
    assert!(s.told("not sent: too?late?"), "{:?}", s.notes);
    s.confirm(b"in time");
    s.confirm_bye();
    let why = "0 not confirmed, 1 not sent".to_string();
    assert_eq!(s.end, Some(Some(why)));
}

fn what_came_before_its_turn_is_shown_in_its_turn(language: Language) {
    for role in ROLES {
        let mut s = Script::up(language, role);
        let next = s.next;
        // The end before its turn is not taken.
        s.give(BYE, 0, next + 1, &[0; 4]);
        assert_eq!(s.sent, []);
        // From the last place in the window down to the second.
        for turn in (1..16).rev() {
            s.give(TEXT, 0, next + turn, format!("{turn}").as_bytes());
            let ack = s.one();
            assert_eq!((ack.kind, ack.seq), (ACK, next + turn));
            assert_eq!(ack.payload, (next - 1).to_be_bytes(), "{role:?}");
            assert!(s.shown.is_empty());
        }
        // Nor with the number of a message that is here already.
        s.give(BYE, 0, next + 1, &[0; 4]);
        assert_eq!(s.sent, []);
        // Again, beyond the window, and of a foreign session: none of them is
        // shown, and only the first is acknowledged.
        let early = s.frame(TEXT, 1, next + 1, b"again");
        s.give_from(port(0), &early);
        assert_eq!(s.one().kind, ACK);
        s.give(TEXT, 0, next + 16, b"too early");
        assert_eq!(s.sent, []);
        for foreign in [
            Frame { src: 7, ..early.clone() },
            Frame { dst: 7, ..early.clone() },
        ] {
            s.give_from(port(0), &foreign);
            assert_eq!((s.one().kind, s.end.clone()), (BYE, None));
        }
        s.give(TEXT, 0, next, b"0");
        let ack = s.one();
        assert_eq!((ack.kind, ack.seq), (ACK, next));
        assert_eq!(ack.payload, (next + 15).to_be_bytes());
        let all: Vec<_> = (0..16).map(|turn| format!("{turn}")).collect();
        let shown = s.shown.iter().map(|t| str::from_utf8(t).unwrap());
        assert_eq!(shown.collect::<Vec<_>>(), all, "{role:?}");
    }
}

fn an_ack_says_up_to_where_everything_was_shown(language: Language) {
    for role in ROLES {
        let mut s = Script::up(language, role);
        for text in ["one", "two", "three", "four"] {
            s.say(text.as_bytes());
        }
        let first = s.expect;
        let sent: Vec<_> = s.sent.drain(..).map(|(_, f)| f.seq).collect();
        assert_eq!(sent, [first, first + 1, first + 2, first + 3]);
        // Of what was never sent, an ACK confirms nothing.
        let far = (first + 4).to_be_bytes();
        s.give(ACK, 0, first, &far);
        s.give(ACK, 0, first + 4, b"");
        s.give(ACK, 0, u32::MAX, b"");
        // Two and four are there, and nothing was shown.
        let read = (first - 1).to_be_bytes();
        s.give(ACK, 0, first + 1, &read);
        s.give(ACK, 0, first + 3, &read);
        let again = s.wait(ms(250));
        let again: Vec<_> = again.iter().map(|(_, f)| f.seq - first).collect();
        // The first: no news. Three: its timer.
        assert_eq!(again, [0, 0, 0, 0, 0, 0, 2], "{role:?}");
        // One came as well, and all but three was shown.
        s.give(ACK, 2, first, &(first + 1).to_be_bytes());
        s.wait(secs(40));
        let lost = |n: &&String| n.starts_with("not confirmed: ");
        let lost: Vec<_> = s.notes.iter().filter(lost).collect();
        assert_eq!(lost, ["not confirmed: three", "not confirmed: four"]);
    }
}

fn three_later_acks_send_a_missing_frame_again_at_once(language: Language) {
    for role in ROLES {
        let mut s = Script::up(language, role);
        for text in ["one", "two", "three", "four"] {
            s.say(text.as_bytes());
        }
        let first = s.expect;
        s.sent.clear();
        let read = (first - 1).to_be_bytes();
        for later in [1, 2, 2, 1, 2] {
            s.give(ACK, 0, first + later, &read);
            assert_eq!(s.sent, [], "{role:?}"); // Each of them counts once.
        }
        s.give(ACK, 0, first + 3, &read);
        let again = s.one();
        assert_eq!((again.seq, again.tried), (first, 1));
        // Once: what was sent before that says nothing about it.
        for later in 1..4 {
            s.give(ACK, 0, first + later, &read);
        }
        assert_eq!(s.sent, [], "{role:?}");
        // No more news: they are asked for.
        assert_eq!(times(&s.wait(ms(250))), PROBES, "{role:?}");
    }
}

fn two_silent_round_trips_send_the_oldest_again(language: Language) {
    for role in ROLES {
        let mut s = Script::up(language, role);
        s.say(b"nobody answers");
        let at = times(&s.wait(secs(8)));
        assert_eq!((at[0], &at[1..7]), (0, &PROBES[..]), "{role:?}");
        // Once more; then its timer is the first, and no more is asked.
        let rest = [254, 454, 854, 1654, 3254, 5254, 7254];
        assert_eq!(at[7..], rest, "{role:?}");
        // The path is longer now than it seemed to be: each answer is late.
        s.give(ACK, 7, s.expect, b"");
        for _ in 0..20 {
            s.expect += 1;
            s.say(b"far away");
            s.wait(ms(100));
            s.give(ACK, 0, s.expect, b"");
        }
        // Now it is known, and nothing is sent again before its time.
        s.say(b"known");
        s.one();
        assert_eq!(s.wait(ms(150)), [], "{role:?}");
    }
}

fn a_window_that_is_lost_is_sent_again_and_halved(language: Language) {
    for role in ROLES {
        let mut s = Script::up(language, role);
        (0..200).for_each(|turn| s.say(format!("{turn}").as_bytes()));
        // A frame more for each round trip, up to 16.
        for width in 5..=16 {
            assert_eq!(s.sent.len(), width, "{role:?}");
            let last = s.sent[width - 1].1.seq;
            if width < 16 {
                s.sent.clear();
                s.give(ACK, 0, last, b"");
            }
        }
        let last = s.sent[15].1.seq;
        s.sent.clear();
        let again = s.wait(ms(205));
        let first = PROBES.map(|at| (at, last - 15));
        let others = (last - 14..=last).map(|seq| (200, seq));
        let all: Vec<_> = again.iter().map(|(at, f)| (*at, f.seq)).collect();
        assert_eq!(all, first.into_iter().chain(others).collect::<Vec<_>>());
        let others = &again[PROBES.len()..];
        assert!(others.iter().all(|(_, frame)| frame.tried == 1));
        // The first and the last come: the fourteen others are on their way.
        let read = (last - 15).to_be_bytes();
        s.give(ACK, 1, last - 15, b"");
        s.give(ACK, 1, last, &read);
        assert_eq!(s.sent, [], "{role:?}");
        // All come: half as many as before go out.
        s.give(ACK, 1, last - 1, &last.to_be_bytes());
        assert_eq!(s.sent.len(), 8, "{role:?}");
    }
}

/// 200 messages one way, where of each datagram a share is lost: how long it
/// takes.
fn how_long(language: Language, window: u16, lose: f64) -> Duration {
    let shares = Shares { lose, ..Shares::default() };
    let mut w = World::new(3, [language; 2]);
    w.window = window;
    w.add(vec![], shares);
    w.add(vec![port(0)], shares);
    for number in 0..200 {
        w.plan(1, secs(1), Deed::Say(number));
    }
    w.plan(1, secs(1), Deed::NoMore);
    w.run_until(secs(3000));
    assert_eq!(w.messages.values().filter(|m| m.shown == 1).count(), 200);
    w.ended(1) - secs(1)
}

fn a_window_is_faster_than_stop_and_wait(language: Language) {
    for (lose, times) in [(0.0, 4), (0.05, 5), (0.2, 5)] {
        let [one, many] = [1, 16].map(|w| how_long(language, w, lose));
        assert!(many * times < one, "{lose}: {one:?}, {many:?}");
    }
}

/// A link that carries 100 frames a second, in which 20 can wait.
fn two_chats_share_a_narrow_link(language: Language) {
    let mut w = World::new(5, [language; 2]);
    w.narrow = Some((20, ms(10)));
    for i in 0..4 {
        let dial = if i % 2 == 0 { vec![] } else { vec![port(i - 1)] };
        w.add(dial, Shares::default());
    }
    for number in 0..2000 {
        w.plan(1, secs(5), Deed::Say(number));
        w.plan(3, secs(5), Deed::Say(number));
    }
    w.run_until(secs(35));
    let shown = |sender| {
        let all = w.messages.values();
        all.filter(|m| m.sender == sender && m.shown == 1).count()
    };
    let [a, b] = [shown(1), shown(3)];
    let all = a + b;
    println!("{a} and {b} messages in 30 s");
    assert!(all > 600, "{a} and {b}: the link stands still");
    assert!(a.max(b) * 4 <= all * 3, "{a} and {b}");
}
