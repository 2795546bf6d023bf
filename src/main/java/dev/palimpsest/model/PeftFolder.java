package dev.palimpsest.model;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Problems;
import dev.palimpsest.run.Sha256;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * An adapter in the layout of PEFT: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}. Beside them {@code palimpsest.json} records the base, since PEFT has
 * no field for its fingerprint.
 */
public final class PeftFolder {
  static final String CONFIG = "adapter_config.json";
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final String RECORD = "palimpsest.json";
  private static final String PROMPT = "prompt_embeddings";

  private PeftFolder() {}

  /**
   * Reads an adapter of any kind and checks it against a model; its tensors come as F32, in the
   * caller's scope.
   *
   * @throws BadInput naming every setting that is not supported, and what does not fit the model
   */
  public static PeftAdapter open(Path folder, ModelConfig model) {
    Path file = config(folder);
    JsonNode document = Json.read(file);
    Optional<VirtualTokens.Kind> kind = PromptConfig.kind(document);
    if (kind.isEmpty()) {
      return lowRank(folder, document, model);
    }
    PromptConfig config = PromptConfig.parse(kind.get(), document, file.toString(), model);
    try (Safetensors weights = Safetensors.open(weights(folder))) {
      return new PromptAdapter(
          new VirtualTokens(config.kind(), prompt(weights, config, model)),
          config.baseName(),
          fingerprint(folder.resolve(RECORD)));
    }
  }

  private static Tensor prompt(Safetensors file, PromptConfig config, ModelConfig model) {
    Problems problems = new Problems();
    file.tensors().keySet().stream()
        .filter(name -> !name.equals(PROMPT))
        .forEach(name -> problems.add(name + " is no part of a prompt"));
    check(problems, file.tensors(), PROMPT, config.tokens(), config.kind().columns(model));
    problems.throwIfAny(file.path() + ": the prompt does not fit the model and " + CONFIG);
    try (Scope scope = Scope.open()) {
      return scope.keep(read(file, file.tensors(), PROMPT));
    }
  }

  /** SHA-256 over both files of a folder: what the adapter is, wherever it lies. */
  public static String sha256(Path folder) {
    String both = Sha256.of(weights(folder)) + Sha256.of(config(folder));
    return Sha256.of(both.getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * Reads a LoRA adapter of the blocks alone and checks it against a model; its factors come as
   * F32, in the caller's scope.
   *
   * @throws BadInput naming every setting that is not supported, or every factor that is missing,
   *     unknown or of another shape than the model and the configuration ask for; or if the adapter
   *     changes embedding or head
   */
  public static Adapter read(Path folder, ModelConfig model) {
    try (Scope scope = Scope.open()) {
      Adapter adapter = readLora(folder, model);
      Set<String> ends = adapter.endModules();
      if (!ends.isEmpty()) {
        throw new BadInput(
            folder
                + ": the adapter changes "
                + String.join(" and ", ends)
                + " (target_modules, modules_to_save or trainable_token_indices), which is not"
                + " supported here; score, generate and ledger take it, and merge, after which"
                + " the model is a base");
      }
      adapter.tensors().forEach(scope::keep);
      return adapter;
    }
  }

  /**
   * The same of embedding and head, too.
   *
   * @throws BadInput as {@link #read}, but for what is changed
   */
  public static Adapter readLora(Path folder, ModelConfig model) {
    return lowRank(folder, Json.read(config(folder)), model);
  }

  private static Adapter lowRank(Path folder, JsonNode document, ModelConfig model) {
    String where = config(folder).toString();
    PeftEnds ends = PeftEnds.parse(new JsonFields(document, where)).over(model, where);
    AdapterConfig config = ends.over(parsed(folder, document), model);
    Set<String> modules = config.modules(model).keySet();
    if (modules.isEmpty()) {
      throw new BadInput(where + ": target_modules names no linear module of this model");
    }
    if (config.weightDecomposed() && modules.contains(ModelTensors.EMBEDDING_MODULE)) {
      throw new BadInput(where + ": use_dora on an embedding is not supported");
    }
    try (Safetensors file = Safetensors.open(weights(folder));
        Scope scope = Scope.open()) {
      Adapter adapter = new PeftTensors(file, model).adapter(config, ends);
      adapter.tensors().forEach(scope::keep);
      return adapter;
    }
  }

  private static Path weights(Path folder) {
    Path weights = folder.resolve(WEIGHTS);
    if (!Files.exists(weights) && Files.exists(folder.resolve("adapter_model.bin"))) {
      throw new BadInput(
          folder
              + ": adapter_model.bin is not read; save the adapter as "
              + WEIGHTS
              + " with PEFT");
    }
    return weights;
  }

  /** How the tensors of a module's A and B are named: the module's name and what follows it. */
  public static List<String> names(String module) {
    return List.of(module + PeftTensors.a(module), module + PeftTensors.b(module));
  }

  /** How the rows of some tokens of a module are named. */
  public static String rowsName(String module) {
    return module + PeftTensors.ROWS;
  }

  /**
   * Reads the configuration alone.
   *
   * @throws BadInput naming every setting that is not supported
   */
  public static AdapterConfig readConfig(Path folder) {
    return parsed(folder, Json.read(config(folder)));
  }

  private static AdapterConfig parsed(Path folder, JsonNode document) {
    return PeftConfig.parse(
        document, config(folder).toString(), fingerprint(folder.resolve(RECORD)));
  }

  private static Path config(Path folder) {
    Path file = folder.resolve(CONFIG);
    if (!Files.exists(file)) {
      throw new BadInput(folder + ": no adapter, it has no " + CONFIG);
    }
    return file;
  }

  private static Optional<String> fingerprint(Path file) {
    return Files.exists(file)
        ? new JsonFields(Json.read(file), file.toString())
            .object("base")
            .flatMap(base -> base.text("fingerprint"))
        : Optional.empty();
  }

  private static void check(
      Problems problems, Map<String, Safetensors.Entry> entries, String name, long... shape) {
    Safetensors.Entry entry = entries.get(name);
    if (entry == null) {
      problems.add(name + " is missing, expected " + Arrays.toString(shape));
    } else if (!Arrays.equals(entry.shape(), shape)) {
      problems.add(
          name + " is " + Arrays.toString(entry.shape()) + ", expected " + Arrays.toString(shape));
    }
  }

  private static Tensor read(
      Safetensors file, Map<String, Safetensors.Entry> entries, String name) {
    Safetensors.Entry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalStateException(name + " was checked to be there");
    }
    return SafetensorsWeights.read(file.path() + ": tensor " + entry.name(), entry, DType.F32);
  }

  /**
   * Writes a {@linkplain Adapter#whole whole} adapter, its factors as F32. While an older one is
   * being replaced the folder has no {@code adapter_config.json}, so that a cut-off write never
   * looks like an adapter.
   *
   * @throws EnvironmentFailure if a file cannot be written
   */
  public static void write(Path folder, Adapter adapter) {
    write(folder, PeftTensors.named(adapter), adapter, PeftConfig.write(adapter));
  }

  /** Writes a soft prompt or a prefix in the same way. */
  public static void write(Path folder, PromptAdapter adapter, ModelConfig model) {
    VirtualTokens tokens = adapter.tokens();
    PromptConfig config = new PromptConfig(tokens.kind(), tokens.count(), adapter.baseName());
    write(folder, Map.of(PROMPT, tokens.embeddings()), adapter, config.write(model));
  }

  private static void write(
      Path folder, Map<String, Tensor> tensors, PeftAdapter adapter, Map<String, ?> config) {
    try {
      Files.deleteIfExists(folder.resolve(CONFIG));
    } catch (IOException e) {
      throw new EnvironmentFailure(folder + ": cannot be written: " + e.getMessage(), e);
    }
    List<SafetensorsWriter.Plan> plans = new ArrayList<>();
    tensors.forEach(
        (name, tensor) -> plans.add(new SafetensorsWriter.Plan(name, DType.F32, tensor.shape())));
    SafetensorsWriter.write(
        folder.resolve(WEIGHTS),
        plans,
        name -> Objects.requireNonNull(tensors.get(name)).to(DType.F32).contiguous());
    AtomicFile.write(folder.resolve(RECORD), record(adapter));
    AtomicFile.write(folder.resolve(CONFIG), Json.writePretty(config));
  }

  private static String record(PeftAdapter adapter) {
    Map<String, Object> base = new LinkedHashMap<>();
    adapter.baseName().ifPresent(name -> base.put("name", name));
    adapter.baseFingerprint().ifPresent(fingerprint -> base.put("fingerprint", fingerprint));
    return Json.writePretty(Map.of("format", "palimpsest adapter", "version", 1, "base", base));
  }
}
