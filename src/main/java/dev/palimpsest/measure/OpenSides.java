package dev.palimpsest.measure;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Prompting;
import dev.palimpsest.model.Factors;
import dev.palimpsest.run.Progress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The systems of a ledger, opened: a model that several share is read once. */
final class OpenSides implements AutoCloseable {
  private final LedgerJob.Models models;
  private final ObservationStore store;
  private final Map<String, LanguageModel> loaded = new HashMap<>();
  private final Deque<Runnable> closing = new ArrayDeque<>();

  OpenSides(LedgerJob.Models models, ObservationStore store) {
    this.models = models;
    this.store = store;
  }

  /**
   * One of them.
   *
   * @param here the model in memory, if it is not elsewhere and gets its prompts as they are
   */
  record Open(Subject subject, Optional<TunedModel> here) {
    private static Open of(TunedModel model, Prompting prompting) {
      return new Open(
          model.subject(Progress.none()).prompted(prompting),
          Optional.of(model).filter(_ -> prompting.equals(Prompting.NONE)));
    }
  }

  Open open(Side side) {
    if (side.endpoint().isPresent()) {
      RemoteSubject answerer = models.remote().at(side.endpoint().get(), store);
      closing.push(answerer::close);
      return new Open(answerer.subject().prompted(side.prompting()), Optional.empty());
    }
    return Open.of(model(side), side.prompting());
  }

  /** A control of the change to a side. */
  Subject open(Control control, Side after) {
    return switch (control) {
      case Control.Other other -> open(other.side()).subject();
      case Control.Random random -> {
        TunedModel drawn = model(after).random(random.seed());
        closing.push(() -> drawn.decoder().factors().values().forEach(Factors::close));
        yield Open.of(drawn, after.prompting()).subject();
      }
    };
  }

  private TunedModel model(Side side) {
    LanguageModel model = loaded.computeIfAbsent(side.model(), this::load);
    return side.adapter()
        .map(folder -> models.adapting().over(side.model(), model, folder))
        .orElseGet(() -> TunedModel.base(side.model(), model));
  }

  private LanguageModel load(String name) {
    LanguageModel model = models.load().apply(name);
    closing.push(model::close);
    return model;
  }

  @Override
  public void close() {
    closing.forEach(Runnable::run);
  }
}
