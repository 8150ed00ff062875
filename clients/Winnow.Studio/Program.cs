using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Components.WebAssembly.Hosting;
using Winnow.Studio;
using Winnow.Studio.Images;
using Winnow.Studio.Intake;
using Winnow.Studio.Outbox;
using Winnow.Studio.Shell;

var builder = WebAssemblyHostBuilder.CreateDefault(args);
builder.RootComponents.Add<App>("#app");
builder.RootComponents.Add<HeadOutlet>("head::after");
var address = new Uri(builder.HostEnvironment.BaseAddress);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(s => new Session(address, s.GetRequiredService<TimeProvider>()));
// Sent once each: who calls knows better than a client when to try again, and what to show meanwhile.
builder.Services.AddSingleton(s => s.GetRequiredService<Session>().Client);
builder.Services.AddSingleton<Browser>();
builder.Services.AddSingleton<Keyboard>();
builder.Services.AddSingleton<AnswerOutbox>();
builder.Services.AddSingleton<OwnSettings>();
builder.Services.AddSingleton<ChosenFiles>();
builder.Services.AddSingleton<ImportWork>();
builder.Services.AddSingleton<ImageWalk>();
await builder.Build().RunAsync();
