//! The binary form of a record in a database column.

use uuid::Uuid;

use super::record::{Execution, Record};

impl Record {
    /// Encodes the record for a database column.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + self.key.len());
        let count = |bytes: &mut Vec<u8>, n: usize| bytes.extend_from_slice(&(n as u32).to_le_bytes());
        count(&mut bytes, self.key.len());
        bytes.extend_from_slice(self.key.as_bytes());
        for execution in &self.executions {
            bytes.extend_from_slice(execution.event.as_bytes());
            bytes.extend_from_slice(&execution.at_ms.to_le_bytes());
            bytes.extend_from_slice(&execution.fingerprint.to_le_bytes());
            bytes.push(u8::from(execution.complete));
            count(&mut bytes, execution.mappings.len());
            for mapping in &execution.mappings {
                bytes.extend_from_slice(mapping.as_bytes());
            }
        }
        bytes
    }

    /// Decodes a record; none if the bytes are not one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Record> {
        let mut reader = Reader(bytes);
        let length = reader.count()?;
        let key = std::str::from_utf8(reader.take(length)?).ok()?.to_owned();
        let mut executions = Vec::new();
        while !reader.0.is_empty() {
            let event = reader.uuid()?;
            let at_ms = i64::from_le_bytes(reader.array()?);
            let fingerprint = u64::from_le_bytes(reader.array()?);
            let complete = reader.array::<1>()? != [0];
            let mappings = (0..reader.count()?).map(|_| reader.uuid()).collect::<Option<_>>()?;
            executions.push(Execution { event, at_ms, complete, fingerprint, mappings });
        }
        Some(Record { key, executions })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn count(&mut self) -> Option<usize> {
        Some(u32::from_le_bytes(self.array()?) as usize)
    }

    fn uuid(&mut self) -> Option<Uuid> {
        self.array().map(Uuid::from_bytes)
    }
}
