package dev.palimpsest.model;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Writes a changed model as a folder in the Hugging Face layout.
 *
 * <p>From a folder, its own files are kept and every tensor stays in the type in which the base
 * stores it. From a GGUF file, configuration and tokenizer are made from its metadata, and the
 * tensors are in its float type, or F32 where it is quantised: rounding again what was rounded once
 * already would lose what was learned.
 */
public final class ModelFolder {
  /** Weights beyond this go into shards, unless another size is asked for. */
  public static final long SHARD_BYTES = 5_000_000_000L;

  /** What a folder has beside weights and model card. */
  private static final Pattern KEPT =
      Pattern.compile(
          "(?:config|generation_config|growth|tokenizer\\w*|special_tokens_map|added_tokens|vocab"
              + "|chat_template|preprocessor_config|processor_config)\\.json"
              + "|merges\\.txt|tokenizer\\.model|chat_template\\.jinja|(?:LICENSE|NOTICE).*");

  private ModelFolder() {}

  /**
   * Fails unless such a folder can be made of a base; to be asked before long work.
   *
   * @throws dev.palimpsest.run.BadInput naming what the layout has no words for
   */
  public static void requireWritable(Checkpoint base) {
    if (!Files.isDirectory(base.path())) {
      HubConfigText.of(base);
      base.text().tokenizerJson();
    }
  }

  /**
   * Writes the model.
   *
   * @param folder is there, and empty
   * @param changed a tensor that is not the base's any more, by Hugging Face's name, as the file
   *     would store it
   */
  public static void write(
      Path folder, Checkpoint base, Function<String, Optional<Tensor>> changed) {
    write(folder, base, Optional.empty(), changed);
  }

  /**
   * Writes the model in one float type, which its configuration then names.
   *
   * @param folder is there, and empty
   * @param type of all tensors; empty for the base's own, as above
   * @param changed as above, in any float type
   */
  public static void write(
      Path folder,
      Checkpoint base,
      Optional<DType> type,
      Function<String, Optional<Tensor>> changed) {
    write(folder, base, new Form(type, SHARD_BYTES), changed);
  }

  /**
   * How weights are stored.
   *
   * @param type of all tensors; empty for the base's own
   * @param shardBytes that one file holds at most, or one tensor
   */
  public record Form(Optional<DType> type, long shardBytes) {}

  /** Writes the model in a form. */
  public static void write(
      Path folder, Checkpoint base, Form form, Function<String, Optional<Tensor>> changed) {
    Optional<DType> type = form.type;
    if (Files.isDirectory(base.path())) {
      copyFiles(base.path(), folder);
      copyTensors(
          folder,
          base,
          form.shardBytes,
          stored -> type.filter(_ -> stored.isFloat()).orElse(stored),
          changed);
    } else {
      makeFiles(folder, base);
      DType made = type.orElseGet(() -> floatType(base));
      makeTensors(folder, base, new Form(Optional.of(made), form.shardBytes), changed);
    }
    type.ifPresent(
        given -> {
          JsonNode config = Json.read(folder.resolve("config.json"));
          write(folder, "config.json", Json.writePretty(HubConfigText.in(given, config)) + "\n");
        });
  }

  /**
   * A model of another shape that keeps its base's tokenizer and other files.
   *
   * @param type of all tensors; empty for the type of the base's tensor that each is made of
   * @param origin that tensor's name, by the name of the new one
   * @param content of each tensor, in any float type
   */
  public record Reshaped(
      ModelConfig config,
      Optional<DType> type,
      UnaryOperator<String> origin,
      Function<String, Tensor> content) {}

  /**
   * Fails unless a folder can be made of a base in another shape; to be asked before long work.
   *
   * @throws dev.palimpsest.run.BadInput naming what the layout has no words for
   */
  public static void requireWritable(Checkpoint base, ModelConfig shape) {
    requireWritable(base);
    configText(base, shape);
  }

  /**
   * Writes a model of another shape.
   *
   * @param folder is there, and empty
   */
  public static void write(Path folder, Checkpoint base, Reshaped model) {
    if (Files.isDirectory(base.path())) {
      copyFiles(base.path(), folder);
    } else {
      makeFiles(folder, base);
    }
    JsonNode own = configText(base, model.config);
    JsonNode config = model.type.map(given -> HubConfigText.in(given, own)).orElse(own);
    write(folder, "config.json", Json.writePretty(config) + "\n");
    Map<String, SafetensorsWriter.Plan> plans = new LinkedHashMap<>();
    ModelTensors.shapes(model.config)
        .forEach(
            (name, shape) -> {
              DType type = model.type.orElseGet(() -> type(base, model.origin.apply(name)));
              plans.put(name, new SafetensorsWriter.Plan(name, type, shape));
            });
    SafetensorsWriter.writeModel(
        folder,
        List.copyOf(plans.values()),
        SHARD_BYTES,
        name -> model.content.apply(name).to(Objects.requireNonNull(plans.get(name)).type()));
  }

  private static JsonNode configText(Checkpoint base, ModelConfig shape) {
    Path own = base.path().resolve("config.json");
    return Files.isDirectory(base.path())
        ? HubConfigText.reshaped(Json.read(own), shape, own.toString())
        : HubConfigText.of(base, shape);
  }

  /** The type in which {@link #write} without one stores a tensor. */
  public static DType type(Checkpoint base, String tensor) {
    return Files.isDirectory(base.path())
        ? DType.valueOf(Objects.requireNonNull(base.weights().tensors().get(tensor)).storedType())
        : floatType(base);
  }

  private static void copyFiles(Path base, Path folder) {
    try (Stream<Path> inside = Files.list(base)) {
      for (Path file : inside.filter(Files::isRegularFile).sorted().toList()) {
        if (KEPT.matcher(Objects.requireNonNull(file.getFileName()).toString()).matches()) {
          AtomicFile.write(
              folder.resolve(file.getFileName().toString()), out -> Files.copy(file, out));
        }
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(base + ": cannot be read", e);
    }
  }

  /** Tensors that are no part of the decoder stay as they are. */
  private static void copyTensors(
      Path folder,
      Checkpoint base,
      long shardBytes,
      UnaryOperator<DType> type,
      Function<String, Optional<Tensor>> changed) {
    try (SafetensorsFolder files = SafetensorsFolder.open(base.path())) {
      Map<String, SafetensorsWriter.Plan> plans = new LinkedHashMap<>();
      for (Safetensors.Entry entry : files.tensors().values()) {
        plans.put(
            entry.name(),
            new SafetensorsWriter.Plan(entry.name(), type.apply(entry.type()), entry.shape()));
      }
      SafetensorsWriter.writeModel(
          folder,
          List.copyOf(plans.values()),
          shardBytes,
          stored -> {
            DType wanted = Objects.requireNonNull(plans.get(stored)).type();
            return changed
                .apply(name(stored, base.config()))
                .map(tensor -> tensor.to(wanted))
                .orElseGet(() -> copy(Objects.requireNonNull(files.tensors().get(stored)), wanted));
          });
    }
  }

  private static Tensor copy(Safetensors.Entry entry, DType type) {
    Tensor copy =
        entry.type() == type
            ? Tensor.of(entry.bytes(), type, entry.shape())
            : SafetensorsWeights.read("tensor " + entry.name(), entry, type);
    entry.bytes().unload(); // the file's pages would count as this process's memory
    return copy;
  }

  /** A tied head is sometimes stored all the same, as a second copy. */
  private static String name(String stored, ModelConfig config) {
    String name = SafetensorsWeights.textName(stored);
    return config.tiedHead() && name.equals(ModelTensors.HEAD) ? ModelTensors.EMBEDDING : name;
  }

  private static void makeFiles(Path folder, Checkpoint base) {
    ModelText text = base.text();
    write(folder, "config.json", Json.writePretty(HubConfigText.of(base)) + "\n");
    write(folder, "generation_config.json", Json.writePretty(text.generation()) + "\n");
    write(folder, "tokenizer.json", text.tokenizerJson());
    write(folder, "tokenizer_config.json", Json.writePretty(text.tokenizerConfig()) + "\n");
    text.chatTemplate().ifPresent(source -> write(folder, "chat_template.jinja", source));
    text.license()
        .ifPresent(license -> write(folder, "README.md", "---\nlicense: " + license + "\n---\n"));
  }

  private static void write(Path folder, String name, String text) {
    AtomicFile.write(folder.resolve(name), text);
  }

  private static void makeTensors(
      Path folder, Checkpoint base, Form form, Function<String, Optional<Tensor>> changed) {
    DType type = form.type.orElseThrow();
    List<SafetensorsWriter.Plan> plans = new ArrayList<>();
    ModelTensors.shapes(base.config())
        .forEach((name, shape) -> plans.add(new SafetensorsWriter.Plan(name, type, shape)));
    SafetensorsWriter.writeModel(
        folder,
        plans,
        form.shardBytes,
        name ->
            changed
                .apply(name)
                .map(tensor -> tensor.to(type))
                .orElseGet(() -> base.weights().read(name, type)));
  }

  /** The one of all matrices, if it is a float type; else F32. */
  static DType floatType(Checkpoint base) {
    List<String> types =
        base.weights().tensors().values().stream()
            .filter(info -> info.shape().length == 2)
            .map(TensorInfo::storedType)
            .distinct()
            .toList();
    return switch (types.size() == 1 ? types.getFirst() : "") {
      case "F16" -> DType.F16;
      case "BF16" -> DType.BF16;
      default -> DType.F32;
    };
  }
}
