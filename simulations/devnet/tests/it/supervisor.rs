//! A world that outlives whoever started it, and its end.

use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

use devnet::{DemoKeys, Running, supervisor};

use super::cache_dir;

const LONG: Duration = Duration::from_secs(60);

async fn wait_for(world_dir: &Path) -> Running {
    for _ in 0..600 {
        if let Some(running) = devnet::status(world_dir).await.unwrap() {
            return running;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the world did not come up");
}

#[tokio::test]
async fn a_world_is_found_attached_to_and_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("world");
    assert!(devnet::status(&dir).await.unwrap().is_none());
    assert!(!devnet::down(&dir).await.unwrap());
    let supervised = dir.clone();
    let task =
        tokio::spawn(async move { supervisor::supervise_until(&supervised, &cache_dir(), LONG).await });
    let running = wait_for(&dir).await;

    let keys = DemoKeys::load(&running.keys_file).unwrap();
    assert_eq!(keys.wallet.address(), running.wallet);
    for file in ["world.json", "keys.json"] {
        let mode = std::fs::metadata(dir.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    // A second supervisor keeps off, and `up` attaches: this program is never started.
    let second = supervisor::supervise_until(&dir, &cache_dir(), LONG).await.unwrap_err();
    assert_eq!(second.code(), "devnet.busy");
    let attached = devnet::up(Path::new("/nonexistent/steward"), &dir, &cache_dir()).await.unwrap();
    assert_eq!(attached.chains[0].genesis_hash, running.chains[0].genesis_hash);

    assert!(devnet::down(&dir).await.unwrap());
    task.await.unwrap().unwrap();
    assert!(devnet::status(&dir).await.unwrap().is_none());
}

#[tokio::test]
async fn an_idle_world_ends_and_a_stale_file_is_no_world() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_path_buf();
    let supervised = dir.clone();
    let idle = Duration::from_secs(2);
    let task =
        tokio::spawn(async move { supervisor::supervise_until(&supervised, &cache_dir(), idle).await });
    let running = wait_for(&dir).await;
    task.await.unwrap().unwrap();
    std::fs::write(dir.join("world.json"), serde_json::to_vec(&running).unwrap()).unwrap();
    assert!(devnet::status(&dir).await.unwrap().is_none());
    std::fs::write(dir.join("world.json"), b"{").unwrap();
    assert!(devnet::status(&dir).await.unwrap().is_none());
}

#[tokio::test]
async fn a_supervisor_that_fails_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let error = devnet::up(Path::new("/bin/false"), folder.path(), &cache_dir()).await.unwrap_err();
    assert_eq!(error.code(), "devnet.start");
}
