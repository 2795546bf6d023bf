package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.data.Order;
import dev.palimpsest.data.Pack;
import dev.palimpsest.data.Passes;
import dev.palimpsest.data.Source;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.run.Memory;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * Walks through a run's steps without making them: every token is counted, a few steps are made in
 * memory, and thrown away.
 */
final class Estimator {
  /** Shares of the run's steps, in order of their operations, whose steps are timed. */
  private static final List<Double> TIMED = List.of(0.25, 0.5, 0.75);

  private final TuneSettings settings;
  private final Method.Start start;
  private final Goal goal;
  private final Progress progress;
  private final LongSupplier nanoTime;

  Estimator(TuneSettings settings, Method.Start start, Goal goal, Tuner.Watch watch) {
    this.settings = settings;
    this.start = start;
    this.goal = goal;
    this.progress = watch.progress();
    this.nanoTime = watch.nanoTime();
  }

  /** The steps' work, and which has the pass that takes most memory. */
  private record Plan(List<Flops.Work> steps, int largest) {
    Flops.Work total() {
      return steps.stream().reduce(Flops.Work.NONE, Flops.Work::plus);
    }
  }

  Estimate estimate(Source data, List<Example> heldOut) {
    Seeds seeds = new Seeds(settings.seed());
    long total = Tuner.totalSteps(settings, data);
    Order order = new Order(seeds.seed("order"), data.size());
    try (Trained trained = start.begin(seeds);
        Training training =
            new Training(settings, goal, trained, Training.Extent.of(total, trained))) {
      Flops flops = Flops.of(trained);
      Plan plan = plan(data, order, Math.toIntExact(total), trained);
      Estimate.Probe probe =
          probe(training, plan, step -> order.examples(data, step, settings.perStep()), flops);
      Flops.Work all = plan.total();
      double operations = flops.forwardAndBackward(all);
      double evaluations = evaluations(total) * flops.forward(flops.work(heldOut));
      return new Estimate(
          total,
          all.tokens(),
          all.labels(),
          operations,
          (operations + evaluations) * probe.secondsAnOperation() + probe.warmUpSeconds(),
          Memory.peakRssBytes(),
          (double) total / order.stepsPerEpoch(settings.perStep()),
          probe);
    }
  }

  private Plan plan(Source data, Order order, int total, Trained trained) {
    Flops flops = Flops.of(trained);
    Decoder decoder = trained.decoder().decoder();
    Footprint footprint = Footprint.of(decoder);
    List<Flops.Work> steps = new ArrayList<>();
    int largest = 0;
    long most = 0;
    for (int step = 0; step < total; step++) {
      List<Example> examples = order.examples(data, step, settings.perStep());
      steps.add(flops.work(examples));
      long bytes = passBytes(footprint, examples);
      if (bytes > most) {
        most = bytes;
        largest = step;
      }
      progress.report(new Progress.Point("counting", step + 1, total, "steps", ""));
    }
    return new Plan(steps, largest);
  }

  /** Of a step's costliest pass, which need not be its longest: that keeps less of each row. */
  private static long passBytes(Footprint footprint, List<Example> examples) {
    return Passes.of(examples, footprint.passRows()).stream()
        .mapToLong(pass -> footprint.bytesOfPass(Pack.of(pass).rows()))
        .max()
        .orElse(0);
  }

  private interface Steps {
    List<Example> at(int step);
  }

  private Estimate.Probe probe(Training training, Plan plan, Steps steps, Flops flops) {
    List<Integer> byWork =
        IntStream.range(0, plan.steps.size())
            .boxed()
            .sorted(Comparator.comparingDouble(s -> flops.forwardAndBackward(plan.steps.get(s))))
            .toList();
    List<Integer> timed =
        TIMED.stream().map(share -> byWork.get((int) (share * (byWork.size() - 1)))).toList();
    long started = nanoTime.getAsLong();
    training.step(0, steps.at(plan.largest)); // libtorch and the JVM warm up
    training.step(1, steps.at(timed.getFirst()));
    double first = (nanoTime.getAsLong() - started) / 1e9;
    double seconds = 0;
    Flops.Work work = Flops.Work.NONE;
    for (int step : timed) {
      List<Example> examples = steps.at(step);
      long began = nanoTime.getAsLong();
      training.step(2, examples);
      seconds += (nanoTime.getAsLong() - began) / 1e9;
      work = work.plus(plan.steps.get(step));
    }
    // again, with what has come apart in the allocator since: the peak of memory
    training.step(3, steps.at(plan.largest));
    training.step(4, steps.at(byWork.getLast()));
    Flops.Work warming = plan.steps.get(plan.largest).plus(plan.steps.get(timed.getFirst()));
    double operations = flops.forwardAndBackward(work);
    double warm = seconds * flops.forwardAndBackward(warming) / operations;
    return new Estimate.Probe(
        timed.size(), work.tokens(), operations, seconds, Math.max(0, first - warm));
  }

  private long evaluations(long total) {
    int every = settings.saving().evaluateEvery();
    return every == 0 ? 1 : Math.ceilDiv(total, every);
  }
}
