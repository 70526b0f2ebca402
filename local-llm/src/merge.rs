//! The base and our LoRA adapter into one model: dequantised, the delta added, requantised to Q8_0, once.
//!
//! Q8_0 because candle has no SIMD for the base's Q4_1 (measured: five times slower).
#![expect(clippy::float_arithmetic, reason = "tensors")]

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{Content, Value, write};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::Error;
use crate::artifact::{hex, keep, progress, sha256};

/// LoRA (Hu et al., 2021): `blk.N.NAME.a` of (rank, in) and `.b` of (out, rank), float16.
const ADAPTER: &[u8] = include_bytes!("../adapter/adapter.safetensors");
/// alpha / rank = 32 / 16, as in `training/model.py`.
const SCALE: f32 = 2.0;

/// Where the merged model lies. Its name holds the adapter's hash: a new adapter is a new model.
pub(crate) fn path(models: &Path) -> PathBuf {
    let hash = hex(&Sha256::digest(ADAPTER));
    models.join(format!("smollm2-135m-steward-{}.gguf", hash.get(..12).unwrap_or_default()))
}

fn sum_path(model: &Path) -> PathBuf {
    model.with_extension("sha256")
}

/// The merged model's SHA-256, if it is whole.
pub(crate) fn verify(model: &Path) -> Result<String, Error> {
    if !model.exists() {
        return Err(Error::Missing(model.into()));
    }
    let damaged = |what: &str| Error::Damaged { path: model.into(), what: what.into() };
    let noted = fs::read_to_string(sum_path(model)).map_err(|_| damaged("its checksum is missing"))?;
    let found = sha256(model)?;
    if noted.trim() == found { Ok(found) } else { Err(damaged("its checksum differs")) }
}

/// Writes `model` from `base` and the adapter. The result is the same, bit for bit, each time.
pub(crate) fn merge(base: &Path, model: &Path) -> Result<(), Error> {
    let damaged = |e: candle_core::Error| Error::Damaged { path: base.into(), what: e.to_string() };
    let mut reader = BufReader::new(File::open(base).map_err(Error::io(base))?);
    let content = Content::read(&mut reader).map_err(damaged)?;
    let adapter = candle_core::safetensors::load_buffer(ADAPTER, &Device::Cpu).map_err(Error::failed)?;
    let names: BTreeMap<_, _> = content.tensor_infos.iter().collect();
    let bar = progress("preparing the model", file_length(base));
    let mut tensors = Vec::new();
    for name in names.into_keys() {
        let tensor = content.tensor(&mut reader, name, &Device::Cpu).map_err(damaged)?;
        bar.inc(u64::try_from(tensor.storage_size_in_bytes()).unwrap_or_default());
        tensors.push((name.as_str(), adapt(name, tensor, &adapter).map_err(Error::failed)?));
    }
    bar.finish_and_clear();
    save(model, content.metadata.clone(), &tensors)
}

fn file_length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}

/// A matrix plus its delta, as Q8_0; a vector (a norm) as it is.
fn adapt(name: &str, tensor: QTensor, adapter: &HashMap<String, Tensor>) -> candle_core::Result<QTensor> {
    let Ok((rows, columns)) = tensor.shape().dims2() else { return Ok(tensor) };
    let mut weights = tensor.dequantize(&Device::Cpu)?;
    let part = |part: &str| adapter.get(&name.replace("weight", part));
    if let (Some(a), Some(b)) = (part("a"), part("b")) {
        let a: Vec<Vec<f32>> = a.to_dtype(DType::F32)?.to_vec2()?;
        let b: Vec<Vec<f32>> = b.to_dtype(DType::F32)?.to_vec2()?;
        let mut w: Vec<f32> = weights.flatten_all()?.to_vec1()?;
        // In plain loops: the order of the sums, and so the result, is the same on every machine.
        for (row, b) in w.chunks_exact_mut(columns).zip(&b) {
            for (a, b) in a.iter().zip(b) {
                let scaled = b * SCALE;
                row.iter_mut().zip(a).for_each(|(w, a)| *w += scaled * a);
            }
        }
        weights = Tensor::from_vec(w, (rows, columns), &Device::Cpu)?;
    }
    QTensor::quantize(&weights, GgmlDType::Q8_0)
}

fn save(
    model: &Path,
    mut metadata: HashMap<String, Value>,
    tensors: &[(&str, QTensor)],
) -> Result<(), Error> {
    metadata
        .insert("general.name".into(), Value::String("SmolLM2-135M-Instruct with Steward's adapter".into()));
    metadata.insert("general.file_type".into(), Value::U32(7)); // mostly Q8_0
    let metadata: BTreeMap<_, _> = metadata.iter().map(|(k, v)| (k.as_str(), v)).collect();
    let metadata: Vec<_> = metadata.into_iter().collect();
    let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (*name, tensor)).collect();
    let folder = model.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder).map_err(Error::io(folder))?;
    let mut writer = BufWriter::new(file.as_file_mut());
    write(&mut writer, &metadata, &tensors).map_err(|e| Error::io(model)(std::io::Error::other(e)))?;
    writer.flush().map_err(Error::io(model))?;
    drop(writer);
    let mut sum = NamedTempFile::new_in(folder).map_err(Error::io(folder))?;
    writeln!(sum, "{}", sha256(file.path())?).map_err(Error::io(model))?;
    keep(sum, &sum_path(model))?;
    keep(file, model)
}
