//! Members that wait, in order, within bounds and for a limited time.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use inlet_core::{
    log::{EventFields, EventLog, Original, PluginRef},
    settle::{Job, Prepared},
};
use tokio::sync::oneshot::{self, Receiver};
use uuid::Uuid;

use super::*;
use crate::records::Settled;

type Answer = Receiver<Result<Vec<Settled>, CommitError>>;

fn inbox(members: usize, cost: u64, wait_ms: u64) -> Inbox<()> {
    inbox_of_threads(1, QueueLimits { members, cost, wait: Duration::from_millis(wait_ms) })
}

fn inbox_of_threads(threads: usize, limits: QueueLimits) -> Inbox<()> {
    Inbox::new(limits, GroupLimits { events: 100, bytes: 1 << 20 }, threads)
}

fn job(source_environment: i64, items: usize) -> (GroupMember, Answer) {
    job_of(1, source_environment, items)
}

fn job_of(environment: i64, source_environment: i64, items: usize) -> (GroupMember, Answer) {
    let plugin = PluginRef { key: String::new(), version: String::new(), digest: String::new() };
    let item = || Prepared {
        log: EventLog {
            fields: EventFields::new(Uuid::now_v7(), 0, Arc::new(plugin.clone())),
            data: None,
            original: Original::Json("{}".into()),
        },
        plan: None,
    };
    let items = (0..items).map(|_| item()).collect();
    let (answer, answered) = oneshot::channel();
    let job = Job { environment, source_environment, items, nonce: None };
    (GroupMember::Job { job, extras: None, hold: None, answer }, answered)
}

fn events(source_environment: i64) -> WorkFlow {
    WorkFlow { environment: 1, source_environment, kind: WorkKind::Events }
}

fn push(inbox: &Inbox<()>, source: i64, items: usize) -> Result<Answer, CommitError> {
    let (member, answer) = job(source, items);
    inbox.push(member, true).map(|()| answer)
}

/// Returns the sizes of the groups that the writer would commit.
fn groups(inbox: &Inbox<()>) -> Vec<usize> {
    inbox.close();
    let events = |next| match next {
        Next::Group(group) => group.events(),
        Next::Other(_) => 0,
    };
    std::iter::from_fn(|| inbox.next(0).map(events)).collect()
}

#[test]
fn a_job_that_waited_for_too_long_is_refused_and_one_that_may_wait_is_not() {
    let inbox = inbox(10, 1 << 20, 10);
    let mut sender = push(&inbox, 1, 1).unwrap();
    let (patient, mut waiting) = job(1, 1);
    inbox.push(patient, false).unwrap();
    std::thread::sleep(Duration::from_millis(15));
    inbox.sweep();
    let error = sender.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, CommitError::Overloaded(Overload::Expired { waited_ms: 10.. })), "{error}");
    assert!(waiting.try_recv().is_err(), "it still waits");
    assert_eq!(groups(&inbox), [1]);
}

#[test]
fn a_job_that_nobody_waits_for_is_not_taken() {
    let inbox = inbox(10, 1 << 20, 1000);
    drop(push(&inbox, 1, 1).unwrap());
    let kept = push(&inbox, 1, 2).unwrap();
    drop(push(&inbox, 2, 3).unwrap());
    inbox.sweep();
    assert_eq!(inbox.waiting().0, 1);
    drop(push(&inbox, 2, 4).unwrap());
    assert_eq!(groups(&inbox), [2]);
    drop(kept);
}

#[test]
fn what_is_put_back_is_next_and_has_waited_since_it_came() {
    let inbox = inbox(10, 1 << 20, 30);
    let _answers: Vec<_> = (1..4).map(|items| push(&inbox, 1, items).unwrap()).collect();
    let (patient, _waits) = job(1, 4);
    inbox.push(patient, false).unwrap();
    let (gone, mut kept) = (push(&inbox, 1, 5).unwrap(), push(&inbox, 2, 7).unwrap());
    let Some(Next::Group(group)) = inbox.next(0) else { panic!("there is work") };
    assert_eq!(group.members(), 6);
    let cost_of = |inbox: &Inbox<()>| inbox.lock().members.load().cost;
    assert_eq!(cost_of(&inbox), 0);
    let _behind = push(&inbox, 1, 6).unwrap();
    let mut members: Vec<Waiting> = group.into_members().collect();
    members.remove(1);
    inbox.put_back(0, members);
    drop(gone);
    let Some(Taken::Group { cost, .. }) = inbox.lock().threads[0].taken else { panic!("a group is taken") };
    assert_eq!(cost, job(1, 2).0.cost(), "the one that is committed");
    inbox.sweep();
    assert_eq!(inbox.waiting().0, 5, "nobody waits for one of them");
    let order = |inbox: &Inbox<()>| {
        let state = &mut inbox.lock().members;
        let taken: Vec<Waiting> =
            std::iter::from_fn(|| state.take_if(&mut 0, |_| true).map(|(_, waiting)| waiting)).collect();
        taken
    };
    let taken = order(&inbox);
    let items = |waiting: &Waiting| match &waiting.member {
        GroupMember::Job { job, .. } => (job.source_environment, job.items.len()),
        GroupMember::Refused { .. } => (0, 0),
    };
    let of_first: Vec<usize> = taken.iter().map(items).filter(|(flow, _)| *flow == 1).map(|(_, size)| size).collect();
    assert_eq!(of_first, [1, 3, 4, 6]);
    inbox.close();
    inbox.put_back(0, taken);
    std::thread::sleep(Duration::from_millis(35));
    inbox.sweep();
    let error = kept.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, CommitError::Overloaded(Overload::Expired { waited_ms: 30.. })), "{error}");
    assert_eq!(groups(&inbox), [4], "it waits for as long as it takes");
}

#[test]
fn one_source_fills_half_of_the_queue_and_others_find_room() {
    for (members, cost) in [(20, u64::MAX), (1000, 20 * 4098)] {
        let inbox = inbox(members, cost, 1000);
        let first: Vec<_> = (0..30).map_while(|_| push(&inbox, 1, 1).ok()).collect();
        assert_eq!(first.len(), 10);
        assert!(matches!(inbox.admit(events(1), 0), Err(CommitError::Overloaded(Overload::Full { .. }))));
        let second: Vec<_> = (0..30).map_while(|_| push(&inbox, 2, 1).ok()).collect();
        assert_eq!(second.len(), 5);
        assert!(push(&inbox, 3, 1).is_ok());
    }
}

#[test]
fn a_source_without_waiting_jobs_may_send_one_of_any_size() {
    let inbox = inbox(10, 1, 1000);
    let large = push(&inbox, 1, 50).unwrap();
    assert!(push(&inbox, 1, 1).is_err());
    assert!(push(&inbox, 2, 1).is_ok());
    drop(large);
}

#[test]
fn a_job_that_would_wait_for_too_long_is_refused_at_once() {
    let inbox = inbox(1000, u64::MAX, 2000);
    // By the times of a usual machine these take about four seconds.
    let waiting: Vec<_> = (0..1000).map_while(|_| push(&inbox, 1, 1000).ok()).collect();
    assert!((10..500).contains(&waiting.len()), "{}", waiting.len());
    let error = inbox.admit(events(1), 0).unwrap_err();
    assert!(
        matches!(error, CommitError::Overloaded(Overload::Late { expected_ms: 2000.., allowed_ms: 2000 })),
        "{error}"
    );
    assert!(inbox.admit(events(2), 0).is_ok(), "another source does not wait for all of them");
}

#[test]
fn what_comes_before_a_job_takes_its_room_and_makes_it_late_like_what_waits() {
    let limits = inbox(1000, 1 << 20, 2000);
    assert!(limits.admit(events(1), 1 << 18).is_ok());
    assert!(matches!(limits.admit(events(1), 1 << 20), Err(CommitError::Overloaded(Overload::Full { .. }))));
    let times = inbox(1000, u64::MAX, 2000);
    let error = times.admit(events(1), 1 << 30).unwrap_err();
    assert!(matches!(error, CommitError::Overloaded(Overload::Late { expected_ms: 2000.., .. })), "{error}");
    assert!(times.admit(events(2), 0).is_ok(), "another source does not come after it");
}

#[test]
fn a_large_job_is_a_group_of_its_own() {
    let inbox = inbox(1000, u64::MAX, 1000);
    let jobs: Vec<_> = [(1, 500), (2, 1), (2, 1), (1, 1)].map(|(source, items)| push(&inbox, source, items)).into();
    let groups = groups(&inbox);
    assert_eq!(groups.iter().sum::<usize>(), 503);
    assert!(groups.contains(&500), "{groups:?}");
    drop(jobs);
}

#[test]
fn a_closed_inbox_takes_nothing() {
    let inbox = inbox(1000, u64::MAX, 1000);
    inbox.close();
    assert!(inbox.next(0).is_none());
    let error = push(&inbox, 1, 1).unwrap_err();
    assert_eq!(error, CommitError::closed());
}

const ROOMY: QueueLimits = QueueLimits { members: 1000, cost: u64::MAX, wait: Duration::from_secs(2) };

/// Adds a job that nobody refuses.
fn add(inbox: &Inbox<()>, environment: i64, source: i64) -> Answer {
    let (member, answer) = job_of(environment, source, 1);
    inbox.push(member, true).unwrap();
    answer
}

/// Takes the next group of a thread; returns the environments of its members, in order.
fn take(inbox: &Inbox<()>, thread: usize) -> (Group, Vec<i64>) {
    let Some(Next::Group(group)) = inbox.next(thread) else { panic!("there is a group") };
    let environments = group.content().jobs.iter().map(|job| job.environment).collect();
    (group, environments)
}

/// Pretends that all threads but the first so many sleep.
fn awake(inbox: &Inbox<()>, threads: usize) {
    for thread in inbox.lock().threads.iter_mut().skip(threads) {
        thread.activity = Activity::Sleeps;
    }
}

#[test]
fn groups_of_one_environment_follow_each_other_and_those_of_others_do_not_wait() {
    let inbox = inbox_of_threads(3, ROOMY);
    awake(&inbox, 1);
    let mut answers: Vec<_> = [1, 1, 2, 3].map(|environment| add(&inbox, environment, environment)).into();
    assert_eq!(take(&inbox, 0).1, [1, 1], "another thread is idle, so a group is of one environment");
    answers.push(add(&inbox, 1, 1));
    inbox.lock().threads[2].activity = Activity::Works;
    assert_eq!(take(&inbox, 1).1, [2, 3], "nobody is idle, so a group is of all that are free");
    assert!(inbox.lock().take(2, &inbox.group_limits).is_none(), "the third thread leaves environment 1 to the first");
    assert_eq!(take(&inbox, 0).1, [1]);
}

#[test]
fn what_comes_for_the_environments_of_a_group_joins_it_up_to_its_limits() {
    let inbox = inbox_of_threads(2, ROOMY);
    let mut answers = vec![add(&inbox, 1, 1)];
    let (mut group, _) = take(&inbox, 0);
    answers.extend([add(&inbox, 2, 2), add(&inbox, 1, 3), add(&inbox, 1, 1)]);
    inbox.top_up(0, &mut group);
    let environments: Vec<i64> = group.content().jobs.iter().map(|job| job.environment).collect();
    assert_eq!(environments, [1, 1, 1]);
    let Some(Taken::Group { cost, .. }) = inbox.lock().threads[0].taken else { panic!("a group is taken") };
    assert_eq!(cost, 3 * job(1, 1).0.cost());
    answers.extend((0..200).map(|_| add(&inbox, 1, 1)));
    inbox.top_up(0, &mut group);
    assert_eq!(group.events(), 100);
    assert_eq!(take(&inbox, 1).1, [2]);
}

#[test]
fn an_operation_keeps_one_thread_and_no_other() {
    let inbox = inbox_of_threads(2, ROOMY);
    let durability = || Work::Durability(oneshot::channel().0);
    inbox.push_other(durability()).unwrap();
    inbox.push_other(durability()).unwrap();
    assert!(matches!(inbox.next(0), Some(Next::Other(_))));
    let _answer = add(&inbox, 1, 1);
    assert_eq!(take(&inbox, 1).1, [1], "the second operation waits for the first one");
    assert!(inbox.lock().take(1, &inbox.group_limits).is_none());
    assert!(matches!(inbox.next(0), Some(Next::Other(_))));
}

#[test]
fn every_job_is_taken_once_by_threads_that_work_beside_each_other() {
    const JOBS: usize = 4000;
    let inbox = inbox_of_threads(4, QueueLimits { members: JOBS, ..ROOMY });
    let busy = Mutex::new(Vec::new());
    let taken = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (inbox, busy, taken) = (&inbox, &busy, &taken);
            scope.spawn(move || {
                while let Some(Next::Group(mut group)) = inbox.next(thread) {
                    let environments = |group: &Group| -> std::collections::BTreeSet<i64> {
                        group.content().jobs.iter().map(|job| job.environment).collect()
                    };
                    let own = environments(&group);
                    {
                        let mut busy = busy.lock().unwrap();
                        assert!(own.iter().all(|environment| !busy.contains(environment)), "one group at a time");
                        busy.extend(own.iter().copied());
                    }
                    std::thread::sleep(Duration::from_micros(300));
                    inbox.top_up(thread, &mut group);
                    assert_eq!(environments(&group), own);
                    taken.fetch_add(group.members(), std::sync::atomic::Ordering::Relaxed);
                    busy.lock().unwrap().retain(|environment| !own.contains(environment));
                }
            });
        }
        let answers: Vec<_> = (0..JOBS as i64)
            .map(|number| {
                if number % 64 == 0 {
                    std::thread::sleep(Duration::from_micros(500));
                }
                let (member, answer) = job_of(number % 7, number % 20, 1);
                inbox.push(member, false).unwrap();
                answer
            })
            .collect();
        // Each job is taken without another one that comes after it.
        let until = Instant::now() + Duration::from_secs(20);
        while taken.load(std::sync::atomic::Ordering::Relaxed) < JOBS && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        inbox.close();
        drop(answers);
    });
    assert_eq!(taken.into_inner(), JOBS);
}
