package dev.palimpsest.compare;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.generate.Answer;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.generate.Prompts;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Factors;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Memory;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tokenizer.Message;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Teacher;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.TuneSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * A new adapter of the old one's rank and targets learns from the old tuned model, along its own
 * greedy answers to the data's prompts (or along the data's texts): the whole distribution, where
 * both bases read the same tokens; else the answers (sequence-level distillation, Kim and Rush,
 * 1606.07947; for adapters Trans-LoRA, 2405.17258).
 */
record DistilPort() implements PortWay {
  @Override
  public void carry(PortTask task, Path folder) {
    DataSpec data = task.data(PortMethod.DISTIL);
    long peak = job(task, data).leastPeakBytes(task.to().decoder().config());
    task.requireMemory(PortMethod.DISTIL, peak, Memory.machineBytes());
    task.over(
        old -> {
          AdaptedDecoder tuned = task.adapter().on(old.decoder().device()).over(old.decoder());
          DataSpec lesson = lesson(task, data, old, tuned, folder.resolveSibling("distil.jsonl"));
          Teacher teacher = new Teacher(tuned, old.fingerprint() + " with " + task.plan().sha256());
          Runs runs =
              task.differing(lesson, old).isPresent() ? task.runs() : task.runs().under(teacher);
          return runs.train("distil", job(task, lesson), task.to(), folder);
        });
  }

  private static DataSpec lesson(
      PortTask task, DataSpec data, LanguageModel old, AdaptedDecoder tuned, Path file) {
    if (onlyTexts(data)) {
      task.differing(data, old)
          .ifPresent(
              where -> {
                throw new BadInput(
                    "distil: "
                        + where
                        + ": the bases do not read the same tokens, so the old model must write"
                        + " what is learned: give prompts");
              });
      return data;
    }
    if (!Files.exists(file)) {
      write(task, Prompts.of(data), old, tuned, file);
    }
    return new DataSpec(
        file, List.of(), List.of(), Optional.empty(), data.form(), 0, data.overlong());
  }

  private static boolean onlyTexts(DataSpec data) {
    try (Dataset rows = data.rows()) {
      return rows.onlyTexts();
    }
  }

  private static void write(
      PortTask task, Prompts prompts, LanguageModel old, AdaptedDecoder tuned, Path file) {
    List<Answer> answers =
        Native.withoutGradients(
            () ->
                old.answerer(tuned, task.runs().watch().progress())
                    .answer(
                        prompts.prompts(), Decoding.greedy(task.plan().distilling().maxTokens())));
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < answers.size(); i++) {
      Map<String, Object> row = row(prompts.prompts().get(i), answers.get(i).text());
      row.put("id", prompts.ids().get(i));
      lines.append(Json.write(row)).append('\n');
    }
    AtomicFile.write(file, lines.toString());
  }

  private static Map<String, Object> row(Prompt prompt, String answer) {
    Map<String, Object> row = new LinkedHashMap<>();
    switch (prompt) {
      case Prompt.Raw raw -> {
        row.put("prompt", raw.text());
        row.put("completion", answer);
      }
      case Prompt.Chat chat -> {
        List<Message> all = new ArrayList<>(chat.messages());
        all.add(new Message("assistant", answer));
        row.put(
            "messages",
            all.stream()
                .map(turn -> Map.of("role", turn.role(), "content", turn.content()))
                .toList());
      }
    }
    return row;
  }

  private static TuneJob job(PortTask task, DataSpec lesson) {
    Map<String, Factors> old = task.adapter().factors();
    Factors any = old.values().iterator().next();
    String targets =
        old.keySet().stream()
            .map(module -> module.substring(module.lastIndexOf('.') + 1))
            .distinct()
            .collect(Collectors.joining(","));
    TuneSettings usual = TuneSettings.defaults();
    PortPlan.Distilling how = task.plan().distilling();
    TuneSettings settings =
        new TuneSettings(
            usual.batch(),
            usual.accumulate(),
            how.rate(),
            usual.schedule(),
            usual.warmup(),
            usual.clip(),
            usual.optimizer(),
            usual.decay(),
            new TuneSettings.Length(OptionalInt.empty(), how.epochs()),
            usual.saving(),
            task.plan().seed());
    return new TuneJob(
        task.plan().to(),
        lesson,
        Optional.empty(),
        0,
        Optional.empty(),
        LowRank.of("lora", any.rank(), OptionalDouble.of(any.scale() * any.rank()), targets),
        settings,
        task.to().decoder().precision(),
        Native.threads());
  }
}
