package dev.palimpsest.merge;

import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.GgufAdapter;
import dev.palimpsest.model.GgufFileType;
import dev.palimpsest.model.GgufModel;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.model.PeftAdapter;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.PromptAdapter;
import dev.palimpsest.model.Sources;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A model or an adapter in the form that other programs read.
 *
 * @param model what the user called the base
 * @param adapters folders, weighted; added exactly
 * @param anyBase whether an adapter of another base is taken
 */
public record ExportJob(String model, List<Weighted> adapters, boolean anyBase) {
  private static final String GGUF = ".gguf";

  /** Copies the list. */
  public ExportJob {
    adapters = List.copyOf(adapters);
  }

  /** What is written. */
  public sealed interface Form {
    /** A folder in the Hugging Face layout. */
    record Hub(ModelFolder.Form form) implements Form {}

    /**
     * A whole model for llama.cpp.
     *
     * @param type of its matrices; the base's own if empty, F32 for a quantised base
     */
    record Gguf(Optional<GgufFileType> type) implements Form {}

    /** An adapter for llama.cpp. */
    record GgufLora(GgufFileType type) implements Form {}

    /** An adapter for PEFT. */
    record Peft() implements Form {}

    /** The same for vLLM, which knows no patterns of rank and alpha. */
    record Vllm() implements Form {}
  }

  /** What is known once everything is written. */
  private record Written(String format, String type, List<String> notes) {}

  /**
   * Exports into a new folder, or for GGUF into a new file where its name ends in {@code .gguf};
   * either appears whole or not at all.
   *
   * @throws BadInput if something does not fit, cannot be said in the format, or is there already
   */
  public Exported run(Path out, Form form, MergeJob.Models models, Progress progress) {
    AtomicFolder.requireNew(out);
    return Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open();
              Checkpoint base = Checkpoint.open(models.locate(model));
              Sources sources = new Sources(base)) {
            Written written =
                switch (form) {
                  case Form.Hub(ModelFolder.Form hub) -> hub(out, base, sources, hub, progress);
                  case Form.Gguf(var type) ->
                      gguf(
                          out,
                          base,
                          sources,
                          type.orElseGet(() -> GgufFileType.of(base)),
                          progress);
                  case Form.GgufLora(var type) -> ggufLora(out, base, type);
                  case Form.Peft() -> peft(out, base);
                  case Form.Vllm() -> vllm(out, base);
                };
            return exported(out, written);
          }
        });
  }

  private Merging merging(Checkpoint base, Sources sources) {
    adapters.forEach(each -> sources.adapter(Path.of(each.name()), each.weight(), anyBase));
    return new Merging(base, ModuleRules.of(new Linear(), sources.all()));
  }

  private Written hub(
      Path out, Checkpoint base, Sources sources, ModelFolder.Form form, Progress progress) {
    ModelFolder.requireWritable(base);
    Merging merging = merging(base, sources);
    Steps steps = Steps.of("exporting", base.config(), progress);
    AtomicFolder.write(
        out,
        folder -> {
          ModelFolder.write(
              folder,
              base,
              form,
              name -> {
                steps.next();
                return merging.tensor(
                    name, form.type().orElseGet(() -> ModelFolder.type(base, name)));
              });
          card(folder, base, "transformers", "A model of " + model);
        });
    String type =
        form.type().map(DType::toString).orElseGet(() -> GgufFileType.of(base).toString());
    return new Written("hf", type, List.of());
  }

  private Written gguf(
      Path out, Checkpoint base, Sources sources, GgufFileType type, Progress progress) {
    GgufModel planned = GgufModel.of(base, type);
    Merging merging = merging(base, sources);
    Steps steps = Steps.of("exporting", base.config(), progress);
    List<String> notes = new ArrayList<>();
    inFolderOrFile(
        out,
        "model-" + lower(type) + GGUF,
        file ->
            planned.write(
                file,
                (name, elements) -> {
                  steps.next();
                  return merging.tensor(name, elements);
                }),
        file -> {
          modelfile(file, base, "./" + file.getFileName(), Optional.empty(), notes);
          card(folder(file), base, "gguf", "A model of " + model + " for llama.cpp");
        });
    return new Written("gguf", type.toString(), notes);
  }

  private Written ggufLora(Path out, Checkpoint base, GgufFileType type) {
    Adapter adapter = lora(base, "gguf-lora");
    GgufAdapter.requireWritable(adapter, base.config(), names());
    List<String> notes = new ArrayList<>();
    inFolderOrFile(
        out,
        "adapter-" + lower(type) + GGUF,
        file -> GgufAdapter.write(file, adapter, base.config(), type),
        file -> {
          String from = base.path().toAbsolutePath().normalize().toString();
          modelfile(file, base, from, Optional.of("./" + file.getFileName()), notes);
          card(folder(file), base, "gguf", "An adapter of " + model + " for llama.cpp");
        });
    return new Written("gguf-lora", type.toString(), notes);
  }

  private Written peft(Path out, Checkpoint base) {
    PeftAdapter adapter =
        adapters.size() == 1 && adapters.getFirst().weight() == 1
            ? open(adapters.getFirst(), base)
            : lora(base, "peft");
    AtomicFolder.write(
        out,
        folder -> {
          switch (adapter) {
            case Adapter lora -> PeftFolder.write(folder, lora.whole());
            case PromptAdapter prompt -> PeftFolder.write(folder, prompt, base.config());
          }
          card(folder, base, "peft", "An adapter of " + model);
        });
    return new Written("peft", DType.F32.toString(), List.of());
  }

  private Written vllm(Path out, Checkpoint base) {
    Adapter adapter = lora(base, "vllm").uniform();
    AtomicFolder.write(
        out,
        folder -> {
          PeftFolder.write(folder, adapter);
          card(folder, base, "peft", "An adapter of " + model + " for vLLM");
        });
    int rank = adapter.config().rank();
    return new Written(
        "vllm", DType.F32.toString(), List.of("vLLM needs --max-lora-rank " + rank + " or more"));
  }

  private PeftAdapter open(Weighted from, Checkpoint base) {
    PeftAdapter adapter = PeftFolder.open(Path.of(from.name()), base.config());
    if (!anyBase && adapter.baseFingerprint().isPresent()) {
      adapter.requireBase(base.fingerprint(), from.name());
    }
    return adapter;
  }

  /** All adapters as one. */
  private Adapter lora(Checkpoint base, String format) {
    List<Adapter> all = new ArrayList<>();
    for (Weighted each : adapters) {
      if (!(open(each, base) instanceof Adapter lora)) {
        throw new BadInput(
            each.name() + ": a soft prompt or prefix has no factors to scale, join or convert");
      }
      all.add(each.weight() == 1 ? lora : lora.scaled(each.weight()));
    }
    return all.stream()
        .reduce(Adapter::and)
        .orElseThrow(
            () -> new BadInput("--format " + format + ": give the adapter, --adapter A[:weight]"));
  }

  private String names() {
    return String.join(", ", adapters.stream().map(Weighted::name).toList());
  }

  /** Does one part of the work. */
  @FunctionalInterface
  private interface Writing {
    void write(Path file);
  }

  /** A file by itself, or in a folder together with what belongs to it. */
  private static void inFolderOrFile(Path out, String name, Writing file, Writing beside) {
    if (out.toString().endsWith(GGUF)) {
      file.write(out);
      return;
    }
    AtomicFolder.write(
        out,
        folder -> {
          file.write(folder.resolve(name));
          beside.write(folder.resolve(name));
        });
  }

  private static void modelfile(
      Path file, Checkpoint base, String from, Optional<String> adapter, List<String> notes) {
    Modelfile made;
    try {
      made = Modelfile.of(base, from, adapter);
    } catch (BadInput e) {
      notes.add("no Modelfile: " + e.getMessage());
      return;
    }
    made.notes().forEach(note -> notes.add("Modelfile: " + note));
    AtomicFile.write(folder(file).resolve(Modelfile.NAME), made.text());
  }

  private void card(Path folder, Checkpoint base, String library, String what) {
    ModelCard card = new ModelCard(model, base.license(), library, what, adapters);
    AtomicFile.write(folder.resolve(ModelCard.NAME), card.text());
  }

  private static Path folder(Path file) {
    return Objects.requireNonNull(file.getParent());
  }

  private static String lower(GgufFileType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  private static Exported exported(Path out, Written written) {
    List<String> names = new ArrayList<>();
    long bytes = 0;
    try (Stream<Path> inside = Files.walk(out)) {
      for (Path file : inside.filter(Files::isRegularFile).sorted().toList()) {
        names.add(Objects.requireNonNull(file.getFileName()).toString());
        bytes += Files.size(file);
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(out + ": cannot be read", e);
    }
    return new Exported(out.toString(), bytes, written.format, written.type, names, written.notes);
  }
}
