//! One sequencer: a thread that owns the writing store, a bounded queue before it, many
//! submitters, and one durable transaction for all that wait together.

use crate::append::Erased;
use crate::entry::Head;
use crate::error::StoreError;
use crate::store::{Closed, Store};
use crate::submission::{Erasure, Prepared, Receipt, Submission};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// How much may wait, and how much goes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Submissions that may wait; more are not taken.
    pub waiting: usize,
    /// Submissions in one transaction.
    pub group: usize,
    /// Entries in one transaction, after which no further submission joins it.
    pub group_entries: usize,
}

impl Default for Limits {
    /// 1,024 waiting, 512 in a transaction, 8,192 entries in a transaction.
    fn default() -> Self {
        Self { waiting: 1_024, group: 512, group_entries: 8_192 }
    }
}

/// What the sequencer has reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The last durable head.
    pub head: Head,
    /// The last signed checkpoint, as it lies beside the record; `None` if this record is not signed.
    pub checkpoint: Option<Arc<str>>,
    /// Why nothing is written any more; `None` as long as all is well.
    pub stopped: Option<String>,
}

type Reply = Box<dyn FnOnce(Result<Erased, StoreError>) + Send>;

struct Job {
    prepared: Prepared,
    reply: Reply,
}

/// The one who writes. Shared by reference between all who submit.
///
/// An answer is given only after the transaction that holds the entries is on the disk and, if the
/// record is signed, after the signed head that covers them is on the disk outside the database.
/// After a failed commit, sync or signature nothing is written any more
/// ([`StoreError::Stopped`]); nothing is tried again.
///
/// One client that waits for each answer gets one sync of the disk for each append. Clients that
/// submit at the same time share it.
#[derive(Debug)]
pub struct Sequencer {
    /// Gone once the sequencer is being closed.
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<Store>>,
    status: Arc<Mutex<Status>>,
    path: PathBuf,
    limits: Limits,
}

impl Sequencer {
    /// Starts the thread that writes to `store`.
    ///
    /// # Errors
    /// If the head cannot be read, or the system gives no thread.
    pub fn start(store: Store, limits: Limits) -> Result<Self, StoreError> {
        let status = Status { head: store.head()?, checkpoint: store.checkpoint(), stopped: None };
        let (status, path) = (Arc::new(Mutex::new(status)), store.path().to_owned());
        let (queue, jobs) = sync_channel(limits.waiting);
        let shared = Arc::clone(&status);
        let thread = thread::Builder::new()
            .name("record".to_owned())
            .spawn(move || run(store, &jobs, &shared, limits))
            .map_err(|source| StoreError::Io { path: path.clone(), source })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), status, path, limits })
    }

    /// What has been reached. Reading does not wait for the disk.
    pub fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    /// Submits and waits for the answer; waits for a place in the queue as well.
    ///
    /// # Errors
    /// As [`Store::submit`], and [`StoreError::Stopped`].
    pub fn submit(&self, submission: Submission) -> Result<Receipt, StoreError> {
        Ok(self.wait(Prepared::new(submission)?)?.receipt)
    }

    /// Orders an erasure and waits for the answer.
    ///
    /// # Errors
    /// As [`Store::erase`], and [`StoreError::Stopped`].
    pub fn erase(&self, order: Erasure) -> Result<Erased, StoreError> {
        self.wait(Prepared::erasure(order)?)
    }

    /// Submits without waiting. `reply` is called with the answer, from the thread that writes: it
    /// has to return at once and must not panic (send it on a channel).
    ///
    /// # Errors
    /// If the submission was not taken: [`StoreError::Overloaded`] if too many wait already,
    /// [`StoreError::Refused`], [`StoreError::Stopped`]. Then `reply` is not called.
    pub fn submit_then(
        &self,
        submission: Submission,
        reply: impl FnOnce(Result<Receipt, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let prepared = Prepared::new(submission)?;
        let reply: Reply = Box::new(move |answer| reply(answer.map(|erased| erased.receipt)));
        let queue = self.queue.as_ref().ok_or_else(|| self.gone())?;
        match queue.try_send(Job { prepared, reply }) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(StoreError::Overloaded { waiting: self.limits.waiting }),
            Err(TrySendError::Disconnected(_)) => Err(self.gone()),
        }
    }

    fn wait(&self, prepared: Prepared) -> Result<Erased, StoreError> {
        let (sender, answer) = sync_channel(1);
        // Whoever no longer waits does not need the answer.
        let reply: Reply = Box::new(move |result| drop(sender.send(result)));
        let queue = self.queue.as_ref().ok_or_else(|| self.gone())?;
        queue.send(Job { prepared, reply }).map_err(|_| self.gone())?;
        answer.recv().map_err(|_| self.gone())?
    }

    /// The thread has ended although nobody has closed it: it panicked.
    fn gone(&self) -> StoreError {
        StoreError::Stopped { path: self.path.clone(), why: "the thread that writes it has failed".to_owned() }
    }

    /// Appends what is waiting, then closes the record.
    ///
    /// # Errors
    /// As [`Store::close`]; [`StoreError::Stopped`] if writing had stopped.
    pub fn close(mut self) -> Result<Closed, StoreError> {
        self.end().ok_or_else(|| self.gone())?.close()
    }

    /// Ends the thread and gives its store back; `None` if it panicked or was ended before.
    fn end(&mut self) -> Option<Store> {
        drop(self.queue.take());
        self.thread.take()?.join().ok()
    }
}

impl Drop for Sequencer {
    fn drop(&mut self) {
        drop(self.end());
    }
}

fn lock(status: &Mutex<Status>) -> MutexGuard<'_, Status> {
    // A status is replaced whole, so a panic elsewhere cannot leave half of one.
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(mut store: Store, jobs: &Receiver<Job>, status: &Mutex<Status>, limits: Limits) -> Store {
    while let Ok(first) = jobs.recv() {
        let (prepared, replies): (Vec<_>, Vec<_>) =
            gather(first, jobs, limits).into_iter().map(|job| (job.prepared, job.reply)).unzip();
        let erases = prepared.iter().any(|prepared| !prepared.erase.is_empty());
        let answers = store.commit_group(&prepared);
        let remains = if erases { store.finish_erasures() } else { None };
        tell(&store, &answers, status);
        match answers {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    reply(answer.map(|receipt| Erased { receipt, remains: remains.clone() }));
                }
            }
            Err(error) => replies.into_iter().for_each(|reply| reply(Err(error.again()))),
        }
        // After the answers, so that nobody waits for it who need not.
        store.tend();
        lock(status).stopped = store.stopped().map(str::to_owned);
    }
    store
}

/// Everything that is waiting, up to the limits.
fn gather(first: Job, jobs: &Receiver<Job>, limits: Limits) -> Vec<Job> {
    let (mut entries, mut group) = (first.prepared.entries.len(), vec![first]);
    while group.len() < limits.group && entries < limits.group_entries {
        let Ok(job) = jobs.try_recv() else { break };
        entries += job.prepared.entries.len();
        group.push(job);
    }
    group
}

/// Makes what was reached visible, before anybody is answered.
fn tell(store: &Store, answers: &Result<crate::append::Answers, StoreError>, status: &Mutex<Status>) {
    let head = answers.iter().flatten().flatten().map(|receipt| receipt.head).max_by_key(|head| head.size);
    let mut status = lock(status);
    if let Some(head) = head.filter(|head| head.size > status.head.size) {
        status.head = head;
        status.checkpoint = store.checkpoint();
    }
    status.stopped = store.stopped().map(str::to_owned);
}
