using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using SQLitePCL;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Tests.Support;
using Winnow.Algorithms.Numerics;
using Xunit.Abstractions;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>
/// The group commit of the embedded ledger, while requests come and are given up at any point of a group, fail by their own fault, or
/// bring down the whole transaction. What happens when is drawn from a seed and done from within the writer's own turn, so a seed is one
/// order. A run that fails names its seed, and <c>WINNOW_SCHEDULE=seed</c> runs that one again.
/// </summary>
[Trait("kind", "schedules")]
public sealed class GroupCommitSchedules(ITestOutputHelper output) : IDisposable
{
    private const int Few = 40;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Acknowledged_is_what_is_on_disk_whoever_fails_or_gives_up()
    {
        var times = int.TryParse(Environment.GetEnvironmentVariable("WINNOW_SCHEDULES"), out var asked) ? asked : 1;
        var (first, count) = ulong.TryParse(Environment.GetEnvironmentVariable("WINNOW_SCHEDULE"), out var one)
            ? (one, 1) : (1UL, Few * times);
        var told = new Dictionary<string, int>();
        for (var i = 0; i < count; i++)
        {
            var seed = first + (ulong)i;
            try
            {
                await RunAsync(seed, told);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"Seed {seed} (WINNOW_SCHEDULE={seed} runs it again): {e.Message}"), e);
            }
        }
        output.WriteLine($"{count} schedules: {string.Join(", ", told.Select(t => $"{t.Value} {t.Key}"))}");
    }

    private async Task RunAsync(ulong seed, Dictionary<string, int> told)
    {
        var path = _folder.At("ledger.db");
        var random = new SeededRandom(seed);
        var session = SqliteSession.OpenWriter(path, 1);
        session.Execute("DROP TABLE IF EXISTS said");
        session.Execute("CREATE TABLE said (id INTEGER PRIMARY KEY, of INTEGER REFERENCES said (id) DEFERRABLE INITIALLY DEFERRED)");
        var writer = new LedgerWriter(session, new LedgerOptions { Path = path, MaxGroup = 1 + random.Next(6) }, NullLogger.Instance);
        using var reader = SqliteSession.OpenReader(path);
        var run = new Requests(writer, reader, random);
        await run.EndAsync();
        await writer.DisposeAsync();
        foreach (var (outcome, requests) in run.Check()) told[outcome] = told.GetValueOrDefault(outcome) + requests;
    }

    private enum Fate { Keeps, TakesBack, Fails, BreaksCommit, LosesDisk }

    private sealed record Request(long Id, Fate Fate)
    {
        public CancellationTokenSource GiveUp { get; } = new();
        public Task<string> Told { get; set; } = null!;
        public int Applied { get; set; }
    }

    private sealed class Requests
    {
        private const int AtFirst = 4;
        private const int InAll = 24;
        private const string Acknowledged = "acknowledged";
        private const string GivenUp = "given up";
        private const string Failed = "failed";
        private const string GroupFailed = "failed with their group";

        private readonly LedgerWriter _writer;
        private readonly SqliteSession _reader;
        private readonly SeededRandom _random;
        private readonly List<Request> _all = [];
        private readonly Lock _coming = new();
        private readonly Lock _reading = new();

        public Requests(LedgerWriter writer, SqliteSession reader, SeededRandom random)
        {
            (_writer, _reader, _random) = (writer, reader, random);
            // Holds the writer until the first ones wait, so that none of the order is chance.
            using var begun = new ManualResetEventSlim();
            using var wait = new ManualResetEventSlim();
            var opening = writer.WriteAsync(1, _ =>
            {
                begun.Set();
                wait.Wait();
                return new Written<bool>(true, true);
            }, CancellationToken.None);
            begun.Wait();
            for (var i = 0; i < AtFirst; i++) Come();
            wait.Set();
            opening.GetAwaiter().GetResult();
        }

        public async Task EndAsync()
        {
            while (true)
            {
                Request[] come;
                lock (_coming) come = [.. _all];
                await Task.WhenAll(come.Select(r => r.Told));
                lock (_coming)
                {
                    if (_all.Count > come.Length) continue;
                    if (_all.Count == InAll) return;
                    // The writer has nothing left to do: all that waited had given up, or went down together.
                    Come();
                }
            }
        }

        /// <summary>What became of them, counted.</summary>
        public IEnumerable<(string Outcome, int Count)> Check()
        {
            foreach (var request in _all)
            {
                var kept = request.Told.Result == Acknowledged && request.Fate == Fate.Keeps;
                Assert.True(IsThere(request.Id) == kept,
                    $"request {request.Id}, which {request.Fate}, was {request.Told.Result}, and is {(kept ? "not " : "")}on disk");
                Assert.True(request.Applied == (request.Told.Result == GivenUp ? 0 : 1) || request.Told.Result == GroupFailed,
                    $"request {request.Id} was applied {request.Applied} times and {request.Told.Result}");
            }
            return _all.GroupBy(r => r.Told.Result).Select(g => (g.Key, g.Count()));
        }

        private void Come()
        {
            var drawn = _random.Next(16);
            var fate = drawn < 4 ? Fate.TakesBack + drawn : Fate.Keeps;
            var request = new Request(_all.Count + 1, fate);
            _all.Add(request);
            request.Told = AskAsync(request);
        }

        private async Task<string> AskAsync(Request request)
        {
            try
            {
                var answer = await _writer.WriteAsync(1, session => Apply(session, request), request.GiveUp.Token);
                Assert.Equal(request.Id, answer);
                // Who is told that it is on disk finds it there, by whatever connection.
                Assert.True(IsThere(request.Id) == (request.Fate == Fate.Keeps),
                    $"request {request.Id} was acknowledged before it was on disk");
                return Acknowledged;
            }
            catch (OperationCanceledException)
            {
                return GivenUp;
            }
            catch (InvalidOperationException)
            {
                return Failed;
            }
            catch (IOException)
            {
                return GroupFailed;
            }
        }

        private Written<long> Apply(SqliteSession session, Request request)
        {
            request.Applied++;
            Meanwhile();
            session.Prepare("INSERT INTO said VALUES (?1, NULL)").Bind(1, request.Id).Run();
            switch (request.Fate)
            {
                case Fate.TakesBack:
                    return new Written<long>(request.Id, false);
                case Fate.Fails:
                    throw new InvalidOperationException("Its own fault.");
                case Fate.BreaksCommit:
                    // Of what is not there: found out when the transaction commits.
                    session.Prepare("INSERT INTO said VALUES (?1, ?2)").Bind(1, request.Id + 1_000).Bind(2, -1L).Run();
                    break;
                case Fate.LosesDisk:
                    throw new SqliteException("disk I/O error", raw.SQLITE_IOERR);
            }
            return new Written<long>(request.Id, true);
        }

        /// <summary>Others come, or give up, while this one is being applied.</summary>
        private void Meanwhile()
        {
            lock (_coming)
            {
                for (var i = _random.Next(3); i > 0 && _all.Count < InAll; i--) Come();
                if (_random.Next(3) == 0) _all[_random.Next(_all.Count)].GiveUp.Cancel();
            }
        }

        private bool IsThere(long id)
        {
            lock (_reading)
                return _reader.Scalar(string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM said WHERE id = {id}")) == 1;
        }
    }
}
