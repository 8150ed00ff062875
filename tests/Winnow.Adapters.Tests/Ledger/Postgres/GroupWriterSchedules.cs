using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Algorithms.Numerics;
using Xunit.Abstractions;

namespace Winnow.Adapters.Tests.Ledger.Postgres;

/// <summary>
/// The group commit of PostgreSQL's ledger, while its server loses connections before and after it has stored, refuses rows, is away, and
/// cannot always say what became of a transaction. The server is a set of what is stored; what happens when is drawn from a seed and done
/// from within the writer's own turn, so a seed is one order. A run that fails names its seed, and <c>WINNOW_SCHEDULE=seed</c> runs that
/// one again.
/// </summary>
[Trait("kind", "schedules")]
public sealed class GroupWriterSchedules(ITestOutputHelper output)
{
    private const int Few = 200;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_caller_is_told_is_what_the_server_has(bool repeatable)
    {
        var told = await WriterSeeds.ExploreAsync(output, Few, async seed =>
        {
            var run = new SimulatedServer(seed, repeatable);
            await run.EndAsync();
            return run.Check();
        });
        // A run that never met one of them has shown nothing of it.
        if (told is not null) Assert.Equal(Enum.GetValues<Told>(), told.Keys);
    }

    private enum Told { Stored, NotStored, Open, GivenUp }

    private sealed record Request(int Id, bool IsFaulty) : ComingRequest<Told>(Id);

    /// <summary>The server, the way to it, and all who write.</summary>
    private sealed class SimulatedServer : IWriterDatabase
    {
        private readonly SeededRandom _random;
        private readonly Writer _writer;
        private readonly ComingRequests<Request, Told> _coming;
        private readonly Dictionary<int, int> _stored = [];
        private readonly ManualResetEventSlim _begin = new();

        public SimulatedServer(ulong seed, bool repeatable)
        {
            _random = new SeededRandom(seed);
            var options = new PostgresOptions { MaxGroup = 1 + _random.Next(6) };
            _writer = new Writer(this, options, repeatable);
            _coming = new ComingRequests<Request, Told>(_random, 4, id => new Request(id, _random.Next(12) == 0), AskAsync);
            // The writer stands at its first connection until some wait, so that none of the order is chance.
            _coming.Begin();
            _begin.Set();
        }

        public string Server => "simulated";

        public Deadline NewDeadline() => new(TimeProvider.System, TimeSpan.FromMinutes(1));

        public ValueTask<NpgsqlConnection> OpenWriterAsync(CancellationToken cancellationToken)
        {
            _begin.Wait(cancellationToken);
            _coming.Meanwhile();
            if (_random.Next(6) == 0) throw Lost();
            return ValueTask.FromResult(new NpgsqlConnection());
        }

        public Task<bool> RecoverAsync(Exception? problem, Deadline deadline, TimeSpan pause, CancellationToken cancellationToken)
        {
            _coming.Meanwhile();
            return Task.FromResult(_random.Next(8) > 0);
        }

        public async Task EndAsync()
        {
            await _coming.EndAsync();
            await _writer.DisposeAsync();
        }

        /// <summary>What each was told, which is so.</summary>
        public IEnumerable<Told> Check()
        {
            foreach (var request in _coming.All)
            {
                var (told, stored) = (request.Told.Result, _stored.GetValueOrDefault(request.Id));
                Assert.True(told switch
                {
                    Told.Stored => stored == 1 && !request.IsFaulty,
                    Told.Open => stored <= 1,
                    _ => stored == 0,
                }, $"request {request.Id} was told {told} and is stored {stored} times");
                yield return told;
            }
        }

        /// <summary>One try at a group. Its end may not be heard of, though it was stored.</summary>
        public void Store(IReadOnlyList<Request> group, bool again)
        {
            _coming.Meanwhile();
            var chance = _random.Next(12);
            if (chance == 0) throw Refused(PostgresErrorCodes.LockNotAvailable);
            if (chance == 1) throw Lost();
            if (group.Any(r => r.IsFaulty)) throw Refused(PostgresErrorCodes.NumericValueOutOfRange);
            foreach (var request in group)
                if (!again || !_stored.ContainsKey(request.Id)) _stored[request.Id] = _stored.GetValueOrDefault(request.Id) + 1;
            if (chance is 2 or 3) throw Lost();
        }

        /// <summary>What the server says of a transaction, if it can.</summary>
        public GroupOutcome Ask(IReadOnlyList<Request> group)
        {
            _coming.Meanwhile();
            if (_random.Next(5) == 0) return GroupOutcome.Open;
            return group.All(r => _stored.ContainsKey(r.Id)) ? GroupOutcome.Stored : GroupOutcome.NotStored;
        }

        private async Task<Told> AskAsync(Request request)
        {
            try
            {
                Assert.Equal(request.Id, await _writer.WriteAsync(request, 1, request.GiveUp.Token));
                return Told.Stored;
            }
            catch (OperationCanceledException)
            {
                return Told.GivenUp;
            }
            catch (LedgerWriteException e)
            {
                return e.Message.Contains("is open", StringComparison.Ordinal) ? Told.Open : Told.NotStored;
            }
        }

        private static NpgsqlException Lost() => new("The connection broke.", new IOException("Broken pipe."));

        private static PostgresException Refused(string state) => new("refused", "ERROR", "ERROR", state);
    }

    /// <summary>The writer, over requests that stand for themselves.</summary>
    private sealed class Writer(SimulatedServer server, PostgresOptions options, bool repeatable)
        : GroupWriter<Request, int>(server, options, NullLogger.Instance)
    {
        protected override Attempt Begin(IReadOnlyList<Request> inputs, bool repeated) => new Try(server, inputs, repeatable, repeated);

        private sealed class Try(SimulatedServer server, IReadOnlyList<Request> group, bool repeatable, bool repeated) : Attempt
        {
            public override IReadOnlyList<int> Answers => [.. group.Select(r => r.Id)];

            public override Task StoreAsync(NpgsqlConnection connection)
            {
                server.Store(group, repeatable && repeated);
                return Task.CompletedTask;
            }

            public override Task<GroupOutcome> ResolveAsync(Deadline deadline) =>
                Task.FromResult(repeatable ? GroupOutcome.Repeatable : server.Ask(group));
        }
    }
}
