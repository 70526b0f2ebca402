//! Names of the ENS, as the registry and its resolver on the chain say them.

use agent_core::Exit;
use agent_core::ports::{Chain, Compiler};

use crate::world::{BASE, ETHEREUM, World};

#[tokio::test]
async fn a_name_is_whom_its_owner_set_and_nobody_else() {
    let world = World::start().await;
    let view = world.live[&ETHEREUM].head().await.unwrap();
    let alice = world.chains.world.contacts.iter().find(|contact| contact.name == "alice").unwrap();
    for name in ["alice.eth", "Alice.eth"] {
        assert_eq!(world.compiler.resolve_name(name, &*view).await.unwrap(), alice.address);
    }
    assert_ne!(world.compiler.resolve_name("bob.eth", &*view).await.unwrap(), alice.address);
    for name in ["carol.eth", "eth", "a1ice.eth", "alice.eth.", "аlice.eth", "alice.eth\u{202e}"] {
        let refusal = world.compiler.resolve_name(name, &*view).await.unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.exit), ("clarify.to", Exit::Question), "{name}");
        assert!(!refusal.message.contains('\u{202e}'));
    }
    let view = world.live[&BASE].head().await.unwrap();
    let elsewhere = world.compiler.resolve_name("alice.eth", &*view).await.unwrap_err();
    assert_eq!((elsewhere.code.as_str(), elsewhere.exit), ("world.no_ens", Exit::NotPossible));
}
