//! Each way of wiping leaves nothing of an earlier call in a sandbox.

use inlet_sandbox::{EngineConfig, Sandbox, Wiping};
use wasm_encoder::{BlockType, Instruction, MemArg};

use crate::{bytes, raw_plugin::RawPlugin, relaxed_limits};

/// Pages of 64 KiB: more memory than is wiped in place.
const PAGES: i32 = 64;
const STEP: i32 = 4096;
/// The first address that the plugin's own data does not use.
const FROM: i32 = 64 * 1024;

/// Traps if any page of the memory holds something, and then writes to every page.
fn marking() -> Vec<Instruction<'static>> {
    // A parameter that is not read otherwise.
    const ADDRESS: u32 = 0;
    let word = MemArg { offset: 0, align: 2, memory_index: 0 };
    vec![
        Instruction::I32Const(FROM),
        Instruction::LocalSet(ADDRESS),
        Instruction::Loop(BlockType::Empty),
        Instruction::LocalGet(ADDRESS),
        Instruction::I32Load(word),
        Instruction::If(BlockType::Empty),
        Instruction::Unreachable,
        Instruction::End,
        Instruction::LocalGet(ADDRESS),
        Instruction::I32Const(1),
        Instruction::I32Store(word),
        Instruction::LocalGet(ADDRESS),
        Instruction::I32Const(STEP),
        Instruction::I32Add,
        Instruction::LocalTee(ADDRESS),
        Instruction::I32Const(PAGES * 64 * 1024),
        Instruction::I32LtU,
        Instruction::BrIf(0),
        Instruction::End,
    ]
}

#[tokio::test]
async fn no_way_of_wiping_leaves_anything_of_an_earlier_call() {
    for wiping in [Wiping::Auto, Wiping::Whole] {
        // One instance: every call gets the sandbox of the call before.
        let sandbox = Sandbox::new(EngineConfig { max_instances: 1, wiping, ..EngineConfig::default() }).unwrap();
        let plugin = RawPlugin { translate: marking(), pages: PAGES as u64, ..RawPlugin::default() };
        let plugin = sandbox.load(&plugin.wasm()).unwrap();
        for call in 0..5 {
            let result = plugin.translate(&bytes(), &relaxed_limits()).await.result;
            assert!(result.is_ok(), "{wiping:?}, call {call}: {result:?}");
        }
    }
}
